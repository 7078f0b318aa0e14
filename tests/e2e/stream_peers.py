# SPDX-License-Identifier: MIT
"""Small streams, and programs that publish and play them: ffmpeg and librtmp over RTMP, curl over HTTP-FLV and HLS."""
import signal
import subprocess

from lab.child import Child
from lab.flv import AUDIO, VIDEO, is_begin, is_part, packets
from lab.media import Player

SECONDS = 120  # of a stream; what is done with it must be done by then
ENOUGH = 20  # frames, ten a second: VLC looks at some forty of them before it begins
# A playlist as soon as there is one, and the first piece it names.
_HLS = """
get() { curl -sf --noproxy '*' -m 5 "$@"; }
until get -o "$2.m3u8" "$1"; do sleep 1; done
piece=$(grep -v '^#' "$2.m3u8" | head -n 1)
get -o "$2" "${1%/*}/$piece"
"""
_ONCE = """
curl -sfN --noproxy '*' -m 5 "$1" | head -c 32 | grep -q .
"""


def encode(run):
    """An FLV file: tiny pictures and noise, no two packets alike."""
    path = run.path("published.flv")
    subprocess.run(["ffmpeg", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=10", "-f", "lavfi", "-i",
                    "anoisesrc=sample_rate=11025", "-t", str(SECONDS), "-c:v", "libx264", "-preset", "ultrafast", "-g", "10",
                    "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "16k", "-ac", "1", "-f", "flv", path], check=True, timeout=120)
    return path


def publish(run, space, path, url, name):
    return Child(run, f"publish-{name}", ["ffmpeg", "-loglevel", "warning", "-nostdin", "-re", "-i", path, "-c", "copy", "-f", "flv", url], space)


class Played:
    """A player that keeps what it gets. kind: of its protocol."""

    def __init__(self, name, kind, path, child):
        self.name, self.kind, self.path, self.child = name, kind, path, child

    def size(self):
        """Bytes that it has had so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def meets(self):
        """It has had enough of the stream."""
        return len(packets(self.path, VIDEO)) >= ENOUGH

    def faults(self, published):
        """What it had is a part of what was published: no packet is missing, other, or out of order."""
        return [f"{self.kind} {self.name}: {what}" for what in _differences(self.path, published, is_part)]


class PlayedAnew(Played):
    """What is kept is not what came: ffmpeg writes its packets anew, a server its pieces of HLS."""

    def faults(self, published):
        return []


class PlayedPiece(PlayedAnew):
    def meets(self):
        return self.child.returncode == 0


def recording_faults(recording, published):
    """What a server has recorded is what was published, from the first packet on."""
    return [f"{recording.name}: {what}" for what in _differences(recording, published, is_begin)]


def _differences(path, published, fits):
    for kind, what in ((VIDEO, "video"), (AUDIO, "audio")):
        had, whole = packets(path, kind), packets(published, kind)
        if not fits(had, whole):
            places = [whole.index(packet) if packet in whole else None for packet in had]
            yield f"{what} has these packets of what was published: {places}"


def play_rtmp(run, space, url, name, early):
    """ffmpeg has no patience with a stream that is not there yet."""
    if not early and sum(name.encode()) % 4 == 0:
        player = Player(run, space, url, f"ffmpeg-{name}")
        return PlayedAnew(name, "ffmpeg", player.path, player.child)
    path = run.path(f"rtmpdump-{name}.flv")
    child = Child(run, f"rtmpdump-{name}", ["rtmpdump", "-q", "-v", "-m", SECONDS, "-r", url, "-o", path], space)
    return Played(name, "rtmpdump", path, child)


def play_flv(run, space, url, name, early):
    path = run.path(f"curl-{name}.flv")
    child = Child(run, f"curl-{name}", ["curl", "-sfN", "--noproxy", "*", "-o", path, url], space)
    return Played(name, "http-flv", path, child)


def play_hls(run, space, url, name, early):
    path = run.path(f"hls-{name}.ts")
    return PlayedPiece(name, "hls", path, Child(run, f"hls-{name}", ["sh", "-c", _HLS, "hls", url, path], space))


def ask_once(run, space, url, name):
    """Ends with 0 if the answer begins at once; with HTTP-FLV it would not end."""
    return Child(run, f"once-{name}", ["sh", "-c", _ONCE, "once", url], space)


def stop(children):
    """All at once: each takes a moment to say good-bye."""
    for child in children:
        child.send(signal.SIGTERM)
    for child in children:
        child.stop()
