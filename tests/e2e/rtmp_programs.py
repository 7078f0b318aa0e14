# SPDX-License-Identifier: MIT
"""Programs that publish and play RTMP, of three libraries that share nothing: ffmpeg's own (VLC plays by it), librtmp (as OBS has it;
curl and rtmpdump use Debian's), GStreamer's rtmp2.
"""
import functools
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from stream_peers import Played, publish
from lab.child import Child
from lab.flv import is_begin, is_part
from lab.media import Player

_CURL = 'exec curl -sS --noproxy "*" -T - "$2" < <(exec ffmpeg -loglevel warning -nostdin -re -i "$1" -c copy -f flv -)'
# VLC refuses to be root's.
_AS_NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--pdeathsig", "TERM", "--"]


def _publish_by_curl(run, space, path, url, name):
    return Child(run, f"publish-{name}", ["bash", "-c", _CURL, "curl", path, url], space)


def _publish_by_gstreamer(run, space, path, url, name):
    pipeline = f"""filesrc location={path} ! flvdemux name=in flvmux name=out streamable=true ! rtmp2sink location={url} sync=true
        in.video ! queue ! out.video in.audio ! queue ! out.audio"""
    return Child(run, f"publish-{name}", ["gst-launch-1.0", "-q", *pipeline.split()], space)


def _play_by_ffmpeg(run, space, url, name):
    player = Player(run, space, url, f"ffmpeg-{name}")
    return player.path, player.child


def _play_by_rtmpdump(run, space, url, name):
    path = run.path(f"rtmpdump-{name}.flv")
    return path, Child(run, f"rtmpdump-{name}", ["rtmpdump", "-q", "-v", "-r", url, "-o", path], space)


def _play_by_curl(run, space, url, name):
    path = run.path(f"curl-{name}.flv")
    return path, Child(run, f"curl-{name}", ["curl", "-sSN", "--noproxy", "*", "-o", path, url], space)


def _play_by_gstreamer(run, space, url, name):
    path = run.path(f"gstreamer-{name}.flv")
    pipeline = f"rtmp2src location={url} ! filesink location={path} buffer-mode=unbuffered"
    return path, Child(run, f"gstreamer-{name}", ["gst-launch-1.0", "-q", *pipeline.split()], space)


def _play_by_vlc(run, space, url, name):
    path = run.path(f"vlc-{name}.flv")
    words = [*_AS_NOBODY, "vlc", "-I", "dummy", "--ignore-config", url, "--sout", "#std{access=file,mux=ffmpeg{mux=flv},dst=-}"]
    return path, Child(run, f"vlc-{name}", words, space, stdout=path)


# Each publishes the file `path` in its own time as (run, space, path, url, name). A Child
PUBLISHERS = {"ffmpeg": publish, "curl": _publish_by_curl, "gstreamer": _publish_by_gstreamer}
# Each plays as (run, space, url, name). (path, Child): what it keeps as FLV, written packet by packet
PLAYERS = {"ffmpeg": _play_by_ffmpeg, "rtmpdump": _play_by_rtmpdump, "curl": _play_by_curl, "gstreamer": _play_by_gstreamer,
           "vlc": _play_by_vlc}
PLAYERS6 = [kind for kind in PLAYERS if kind != "rtmpdump"]  # of IPv6 it knows nothing


def play(kind, run, space, url, name):
    return PlayedMedia(name, kind, *PLAYERS[kind](run, space, url, name))


class PlayedMedia(Played):
    """Programs write headers of their own around the same media."""

    def faults(self, published):
        return [f"{self.kind} {self.name}: {what}" for what in media_faults(self.path, published, is_part)]


def recording_faults(recording, published):
    """What a server has recorded is what was published, from the first packet on."""
    return [f"{recording.name}: {what}" for what in media_faults(recording, published, is_begin)]


def all_faults(played, recordings, published):
    """Of all of these, a few at a time: each takes a decoder a moment."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [*pool.map(lambda each: each.faults(published), played),
                 *pool.map(lambda recording: recording_faults(recording, published), recordings)]
    return [fault for faults in found for fault in faults]


def media_faults(path, published, fits):
    for what, had, whole in zip(("video", "audio"), media(path), _whole(published)):
        if not fits(had, whole):
            yield f"{what} has these packets of what was published: {[whole.index(each) if each in whole else None for each in had]}"


@functools.cache
def _whole(published):
    """media() of a file that does not change."""
    return media(published)


def media(path):
    """What a decoder makes of each picture of an FLV file, and its packets of sound: two lists of hashes."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-map", "0:v", "-map", "0:a", "-fps_mode", "passthrough",
                           "-c:v", "rawvideo", "-c:a", "copy", "-f", "framemd5", "-"], capture_output=True, text=True, timeout=60)
    found = ([], [])
    for line in done.stdout.splitlines():
        if not line.startswith("#"):
            fields = [field.strip() for field in line.split(",")]
            found[int(fields[0])].append(fields[5])
    return found
