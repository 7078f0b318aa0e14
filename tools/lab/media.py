# SPDX-License-Identifier: MIT
"""Real publishers and players: ffmpeg and ffprobe, and the count of frames that came through."""
import collections
import json
import signal
import subprocess

from .child import Child

FRAMES_PER_S = 25

# packets: of video; seconds: from the first's to the last's time stamp; gaps: places where the time between two is not
# one frame; decoded: frames that ffprobe decoded; errors: what the decoder complained of
Recording = collections.namedtuple("Recording", "packets seconds gaps decoded errors")


class Publisher:
    """ffmpeg sends a test picture and a tone, H.264 and AAC, to an RTMP address in real time.

    name  of its log and of the stream by default; `url` is complete
    """

    def __init__(self, run, space, url, name="publisher"):
        self.child = Child(run, name, publish_words(url), space)
        self.url, self.name = url, name

    def running(self):
        return self.child.running()

    def stop(self):
        return self.child.stop(signal.SIGINT)


def publish_words(url):
    return ["ffmpeg", "-hide_banner", "-loglevel", "warning", "-nostdin", "-re",
            "-f", "lavfi", "-i", f"testsrc=size=320x180:rate={FRAMES_PER_S}",
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100",
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1", "-pix_fmt", "yuv420p",
            "-g", FRAMES_PER_S, "-b:v", "400k", "-c:a", "aac", "-b:a", "48k", "-f", "flv", url]


class Player:
    """ffmpeg plays a stream and keeps every packet as it came, so that frames can be counted afterwards."""

    def __init__(self, run, space, url, name="player", seconds=None):
        self.path = run.path(f"{name}.flv")
        self.path.unlink(missing_ok=True)
        limit = [] if seconds is None else ["-t", seconds]
        self.child = Child(run, name, ["ffmpeg", "-hide_banner", "-loglevel", "warning", "-nostdin", "-y",
                                       "-rw_timeout", 10_000_000, "-analyzeduration", 1_000_000, "-i", url, *limit, "-c", "copy",
                                       "-flush_packets", 1, "-f", "flv", self.path], space)

    def running(self):
        return self.child.running()

    def bytes(self):
        """Played so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    def wait_playing(self, deadline_s=10.0):
        self.child.wait_until(lambda: self.bytes() > 1000, "it plays", deadline_s)

    def finish(self):
        """Ends it politely and returns the Recording."""
        self.child.stop(signal.SIGINT, deadline_s=10.0)
        return examine(self.path)


def examine(path):
    """Lets ffprobe read and decode every frame of a file; returns a Recording."""
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_frames", "-show_entries",
                           "stream=nb_read_frames:packet=dts_time", "-of", "json", path],
                          capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"ffprobe cannot read {path}: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    times = [float(p["dts_time"]) for p in found["packets"]]
    frame_s = 1 / FRAMES_PER_S
    gaps = [(a, b) for a, b in zip(times, times[1:]) if abs(b - a - frame_s) > 0.002]  # FLV counts whole ms
    return Recording(len(times), times[-1] - times[0] + frame_s if times else 0.0, gaps,
                     int(found["streams"][0]["nb_read_frames"]), done.stderr.strip().splitlines())
