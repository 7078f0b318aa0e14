# SPDX-License-Identifier: MIT
"""SRT endpoints: srt-relay (tests/peers) as server, srt-live-transmit and ffmpeg as publishers and players."""
import shutil
import signal
import sys
from pathlib import Path

from lab.child import Child
from teller import Teller

PORT = 10080
ENOUGH = 20_000  # bytes of a stream
_PROGRAM = "tests/peers/srt-relay"
_BLOCKS = Path(__file__).with_name("srt_blocks.py")


def no_endpoints(build):
    """Why there are none; None: there are."""
    if not (Path(build) / _PROGRAM).exists():
        return "srt-relay is not built: libsrt was not found"
    return None if shutil.which("srt-live-transmit") else "srt-live-transmit was not found"


class Relay(Teller):
    """accepted: events of connections, as they came. closed/NAME is refused."""

    def __init__(self, run, backend, build):
        self.name, self.address = backend.name, backend.address
        super().__init__(run, f"srt-relay-{backend.name}", [Path(build) / _PROGRAM, backend.address, PORT], backend)

    def accepted(self, stream, publishes=None):
        return [e for e in self.events("accepted") if e["stream"] == stream and publishes in (None, e["publishes"])]

    def streams(self):
        """Names of those that were published to it."""
        return {e["stream"] for e in self.events("accepted") if e["publishes"]}


def url(address, stream, publishes=False):
    host = f"[{address}]" if ":" in address else address
    return f"srt://{host}:{PORT}?streamid=#!::r={stream}{',m=publish' if publishes else ''}"


def transmit(run, name, space, source, target):
    """srt-live-transmit, which ends when the connection does."""
    return Child(run, name, ["srt-live-transmit", "-a:no", "-loglevel:error", "-chunk:1316",
                            *(f"{each}&peeridletimeo=15000" if each.startswith("srt:") else each for each in (source, target))], space)


class Blocks:
    """A publisher and a player of numbered blocks, each from its own host. ports: of 127.0.0.1, one for either."""

    def __init__(self, run, stream, address, publisher, player, a_second=100, port=7000, play_address=None):
        name = stream.replace("/", "-")
        self._taker = Teller(run, f"take-{name}", [sys.executable, "-B", _BLOCKS, "take", port], player)
        self._taker.wait("ready")
        self.player = transmit(run, f"play-{name}", player, url(play_address or address, stream), f"udp://127.0.0.1:{port}")
        self.publisher = transmit(run, f"publish-{name}", publisher, f"udp://127.0.0.1:{port + 1}?mode=listener",
                                  url(address, stream, publishes=True))
        self._giver = Child(run, f"give-{name}", [sys.executable, "-B", _BLOCKS, "give", port + 1, a_second], publisher)
        self._taker.wait("begun", deadline_s=30)

    def wait_for_more(self, hundreds):
        """Until so many hundreds of blocks more have come."""
        self._taker.wait("hundred", self._taker.count("hundred") + hundreds, deadline_s=30)

    def report(self):
        """What came since the last report."""
        known = self._taker.count("taken")
        self._taker.child.send(signal.SIGUSR1)
        return self._taker.wait("taken", known + 1)[-1]

    def goes_on(self):
        return self.publisher.running() and self.player.running()

    def stop(self):
        for child in (self._giver, self.publisher, self.player, self._taker.child):
            child.stop()


class Published:
    """A publisher of a file by ffmpeg, or of blocks by srt-live-transmit. port: of 127.0.0.1, for the latter"""

    def __init__(self, run, space, path, address, stream, port=None):
        name, target = f"publish-{stream}", url(address, stream, publishes=True)
        if port is None:
            self.children = [Child(run, name, ["ffmpeg", "-loglevel", "warning", "-nostdin", "-re", "-i", path, "-c", "copy", "-f", "mpegts",
                                               target], space)]
            return
        self.children = [transmit(run, name, space, f"udp://127.0.0.1:{port}?mode=listener", target),
                         Child(run, f"give-{stream}", [sys.executable, "-B", _BLOCKS, "give", port, 20], space)]


class Played:
    """A player that keeps what it gets."""

    def __init__(self, run, space, address, stream, tool):
        self.stream, name = stream, f"{tool}-{stream}"
        self.path = run.path(f"{name}.ts")
        if tool == "ffmpeg":  # whoever comes late waits for the next whole picture
            self.child = Child(run, name, ["ffmpeg", "-loglevel", "warning", "-nostdin", "-y", "-analyzeduration", 8_000_000, "-i",
                                           url(address, stream), "-c", "copy", "-flush_packets", 1, "-f", "mpegts", self.path], space)
        else:
            self.child = Child(run, name, ["srt-live-transmit", "-a:no", "-q", url(address, stream), "file://con"], space, stdout=self.path)

    def meets(self):
        return self.path.exists() and self.path.stat().st_size >= ENOUGH
