# SPDX-License-Identifier: MIT
"""A real browser (Debian's chromium, headless) in a namespace: it publishes by WHIP and plays by WHEP.

    browser = Browser(run, net.clients[0])
    publisher = browser.publish(whip_url(net.vip, "show")).wait_media()
    player = browser.play(whep_url(net.vip, "show")).wait_media()
    player.gap()          # begins to look
    player.gap().audio_ms # the longest time without audio since
"""
import collections
import json
import os
import shutil
from pathlib import Path

from lab.traffic import url
from lab.wait import wait_for
from browser_pipe import BrowserPipe

HTTP_PORT = 1985
PROGRAM = "chromium"
_PAGE = Path(__file__).with_name("browser.html")
_ANSWER_S = 30  # the machine may be busy

# Root has no sandbox. Real host candidates instead of mDNS names, a camera and microphone that are not there, nothing
# that goes out by itself, timers that do not slow down.
_FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-proxy-server --no-first-run
    --no-default-browser-check --disable-breakpad --disable-background-networking --disable-component-update
    --disable-sync --disable-extensions --disable-default-apps --password-store=basic --mute-audio --disable-audio-output
    --disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,MediaRouter,OptimizationGuideOnDeviceModel
    --log-level=3
    --use-fake-device-for-media-stream --use-fake-ui-for-media-stream --autoplay-policy=no-user-gesture-required
    --disable-background-timer-throttling --disable-renderer-backgrounding --disable-backgrounding-occluded-windows
    """.split()

# frames: encoded or decoded; packets: sent or received; lost: of a player; resent: of a publisher; local, remote: the
# selected candidate pair; connection, ice: states as the browser names them
Stats = collections.namedtuple("Stats", "connection ice local remote frames packets lost freezes resent")
Gap = collections.namedtuple("Gap", "audio_ms video_ms")


def no_browser():
    """Why there is none; None: there is."""
    return None if shutil.which(PROGRAM) else "chromium is not installed (tools/install test)"


def whip_url(address, stream, **query):
    return _url("whip", address, stream, query)


def whep_url(address, stream, **query):
    return _url("whep", address, stream, query)


def _url(kind, address, stream, query):
    more = "".join(f"&{key.replace('_', '-')}={value}" for key, value in query.items())
    return url(address, f"/rtc/v1/{kind}/?app=live&stream={stream}{more}", HTTP_PORT)


class Browser:
    """Ready when the constructor returns; ends with the run, or by stop(). All that it writes lies in the run's folder.

    size, rate  of the camera's pictures, for all publishers
    """

    def __init__(self, run, space, name="browser", size=(320, 240), rate=15):
        home = run.path(f"{name}-{space.name}")
        home.mkdir()
        run.at_end(shutil.rmtree, home, ignore_errors=True)  # before logs are kept: sockets cannot be
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), "TMPDIR": str(home),
                       "DBUS_SESSION_BUS_ADDRESS": "disabled:", "DBUS_SYSTEM_BUS_ADDRESS": "disabled:"}
        words = [PROGRAM, f"--user-data-dir={home / 'profile'}", *_FLAGS]
        self._pipe = BrowserPipe(run, home, words, space, environment)
        self.child = self._pipe.child
        self._page = self._pipe.open_page(_PAGE.as_uri(), _ANSWER_S)
        wait_for(lambda: self.evaluate("typeof camera == 'function' && document.readyState == 'complete'"),
                 "the page to be there", _ANSWER_S)
        self.evaluate(f"camera({size[0]}, {size[1]}, {rate})")

    def evaluate(self, expression, deadline_s=_ANSWER_S):
        """JavaScript in the page of browser.html; what it, or its promise, is. PageError if it throws."""
        return self._pipe.evaluate(self._page, expression, deadline_s)

    def publish(self, where):
        """Returns a Peer once the server has answered. PageError if it refuses. where: a URL, also of SRS's JSON API."""
        return Peer(self, **self.evaluate(f"publish({json.dumps(where)})"))

    def play(self, where):
        """Likewise a Player."""
        return Player(self, **self.evaluate(f"play({json.dumps(where)})"))

    def wait_addresses(self, addresses, deadline_s=10.0):
        """Until a new connection would have host candidates of all these addresses."""
        def seen():
            return set(self.evaluate("addresses()"))
        wait_for(lambda: addresses <= seen(), lambda: f"candidates {addresses}, not only {seen()}", deadline_s)

    def stop(self):
        """Ends the browser as a crash would: its peers get no word. Again is harmless."""
        return self.child.stop()


class Peer:
    """One RTCPeerConnection: a publisher, or below a player.

    username  as in the STUN requests: SERVER_UFRAG:CLIENT_UFRAG
    location  what to DELETE
    """

    def __init__(self, browser, number, username, location):
        self.browser, self.number, self.username, self.location = browser, number, username, location

    def stats(self):
        return Stats(**self.browser.evaluate(f"stats({self.number})"))

    def wait_media(self, frames=10, deadline_s=20.0):
        """Until so many more frames were encoded (a player: decoded) on a connection that stands. Returns self."""
        return wait_for_all([self], "frames", frames, deadline_s)[0]

    def wait_packets(self, packets=20, deadline_s=20.0):
        """Likewise, of packets: for crowds, whose pictures a small machine cannot decode in time."""
        return wait_for_all([self], "packets", packets, deadline_s)[0]

    def wait_connection(self, state, deadline_s=30.0):
        """Until connectionState is that ("failed" comes some 20 s after the last packet). Returns self."""
        wait_for(lambda: self.stats().connection == state, lambda: f"{state}: {self.stats()}", deadline_s)
        return self

    def delete(self):
        """WHIP's end of a session. Returns the HTTP status."""
        return self.browser.evaluate(f"fetch({json.dumps(self.location)}, {{method: 'DELETE'}}).then((r) => r.status)")

    def stop(self):
        """Closes it; the server gets DTLS's alert."""
        self.browser.evaluate(f"stop({self.number})")


class Player(Peer):
    def gap(self):
        """The longest time between two arrivals since asked last, with the one that has not ended; before the first: 0.

        audio_ms  between two packets, of 20 ms each; video_ms: between two frames
        """
        told = self.browser.evaluate(f"gap({self.number})")
        return Gap(*(told.get(kind, {}).get("gap_ms", 0) for kind in ("audio", "video")))


def wait_for_all(peers, kind, more, deadline_s=20.0):
    """Until each has so many more "frames" or "packets" on a connection that stands: no longer than the slowest needs.
    Returns them.
    """
    wanted = {peer: getattr(peer.stats(), kind) + more for peer in peers}

    def waiting():
        for peer, seen in [(peer, peer.stats()) for peer in wanted]:
            if seen.connection == "connected" and getattr(seen, kind) >= wanted[peer]:
                del wanted[peer]
        return wanted
    wait_for(lambda: not waiting(), lambda: f"{more} {kind} of {[(p.username, p.stats()) for p in wanted]}", deadline_s)
    return peers
