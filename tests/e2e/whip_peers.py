# SPDX-License-Identifier: MIT
"""Media servers that behave as SRS (tests/peers/whip), and what they saw.

    servers = [WhipServer(run, backend, build, candidate=net.vip) for backend in net.backends]
    session = server.session(player.username)
    session.remote, session.remotes, session.handshakes, session.gap_ms
"""
import collections
import json
from pathlib import Path

from lab.traffic import fetch_text, url
from lab.wait import wait_for
from browser import HTTP_PORT, no_browser
from quic_peers import host_and_port
from teller import Teller

UDP_PORT = 8000
PROGRAM = "tests/peers/whip-server"

# As tests/peers/whip/stats.go says
Session = collections.namedtuple(
    "Session", "username kind stream live why remote remotes received sent handshakes gap_ms")


def no_whip(build):
    """Why WebRTC end to end cannot be tested; None: it can."""
    if not (Path(build) / PROGRAM).exists():
        return "whip-server is not built: go or its library pion was not found"
    return no_browser()


class WhipServer(Teller):
    """Listens on `address` (None: the host's IPv4 address) when the constructor returns.

    candidate  the address that its answers send clients to; None: its own
    options    more for whip-server: keep_alive=True, check_integrity=True, video="vp8", idle_ms=5000
    """

    def __init__(self, run, space, build, address=None, candidate=None, udp_port=UDP_PORT, http_port=HTTP_PORT, **options):
        self.space, self.name = space, space.name
        self.address, self.udp_port, self.http_port = address or space.address, udp_port, http_port
        words = [Path(build) / PROGRAM, "--name", self.name, "--udp", host_and_port(self.address, udp_port),
                 "--http", host_and_port(self.address, http_port),
                 "--candidate", host_and_port(candidate or self.address, udp_port)]
        for key, value in options.items():
            words.append(f"--{key.replace('_', '-')}={str(value).lower()}")
        super().__init__(run, f"whip-{self.name}-{udp_port}-{len(run.pids)}", words, space)
        self.wait("ready")

    def stats(self, reset=False):
        """(sessions, strays): {username: Session}, {kind: packets that came for nobody}. reset: gaps begin anew."""
        told = json.loads(fetch_text(self.space, url(self.address, f"/stats?reset={int(reset)}", self.http_port)))
        sessions = {each["username"]: Session(**each) for each in told["sessions"]}
        return sessions, collections.Counter(told["strays_by"])

    def session(self, username):
        """None: it does not know it."""
        return self.stats()[0].get(username)

    def wait_session(self, username, condition, what, deadline_s=10.0):
        """Until condition(session) holds; returns the session."""
        def look():
            seen = self.session(username)
            return seen if seen and condition(seen) else None
        return wait_for(look, lambda: f"{what}: {self.session(username)}", deadline_s)
