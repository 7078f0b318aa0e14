# SPDX-License-Identifier: MIT
"""Streams published by WHIP, behind an API service that follows streams and reads WHIP at once: whoever asks for a stream reaches its server
by HTTP, in whatever way, and its media by UDP.

    phone, desk --- Cleat --- backend1 backend2 backend3      TCP 1985 `affinity: stream`, UDP 8000 `affinity: ice`, two workers
"""
import collections
from urllib.parse import parse_qs, urlsplit

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology
from lab.traffic import fetch, url
from browser import HTTP_PORT, Browser, wait_for_all, whep_url, whip_url
from whip_peers import UDP_PORT, WhipServer, no_whip

STREAMS, TOGETHER, WORKERS = 20, 5, 2
TUPLE_VIP = "10.10.0.101"


class Stage:
    """Sessions are found by what WHIP says, and in no other way."""

    def __init__(self, run, build):
        self.net = net = Topology(run, clients=2, queues=WORKERS)
        self.servers = [WhipServer(run, b, build, candidate=net.vip) for b in net.backends]
        self.phone, self.desk = Browser(run, net.clients[0], size=(160, 120), rate=10), net.clients[1]
        config = config_for(net, api_path(run), state_path(run), workers=WORKERS)
        config["services"] = [
            service("rtc", net.vip, "udp", UDP_PORT, "srs", affinity="ice") | {"ice": {"ask": False, "hash": False, "ufrag": False}},
            service("api", net.vip, "tcp", HTTP_PORT, "srs", affinity="stream") | {"reads": "whip"},
            service("api-tuple", TUPLE_VIP, "tcp", HTTP_PORT, "srs")]
        self.cleatd = Cleatd(run, net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)

    def flv_status(self, vip, name):
        return fetch(self.desk, url(vip, f"/live/{name}.flv", HTTP_PORT)).status

    def end(self, peer):
        """By the session's name: nothing else in it says which stream that was."""
        asked = parse_qs(urlsplit(peer.location).query, keep_blank_values=True)
        query = f"action=delete&token={asked['token'][0]}&session={peer.username}"
        return fetch(self.desk, url(self.net.vip, f"/rtc/v1/whip/?{query}", HTTP_PORT), 20, "-X", "DELETE").status

    def owner(self, username):
        """(server, what it says of the session); one and only one must have it."""
        having = [(s, seen) for s in self.servers if (seen := s.session(username))]
        assert len(having) == 1, (username, having)
        return having[0]

    def sessions(self):
        return self.cleatd.api.get("/v1/stats")["sessions"]


def rtp(seen):
    """Packets that a publisher sent, or a player got."""
    return sum((seen.received if seen.kind == "whip" else seen.sent).values())


def streams_published_by_whip_are_played_by_whep_and_by_http_flv(stage):
    servers, packets, by_flv = collections.Counter(), collections.Counter(), collections.Counter()
    for first in range(0, STREAMS, TOGETHER):
        names = [f"show{number}" for number in range(first, first + TOGETHER)]
        publishers = [stage.phone.publish(whip_url(stage.net.vip, name)) for name in names]
        wait_for_all(publishers, "packets", 20)
        players = [stage.phone.play(whep_url(stage.net.vip, name)) for name in names]
        wait_for_all(players, "packets", 20)
        for name, publisher, player in zip(names, publishers, players):
            (server, published), (other, played) = (stage.owner(peer.username) for peer in (publisher, player))
            assert server is other and published.stream == played.stream == name, (server.name, other.name, published, played)
            assert rtp(published) and rtp(played), (published, played)
            servers[server.name] += 1
            packets += collections.Counter(published=rtp(published), played=rtp(played))
            by_flv.update((how, stage.flv_status(vip, name) == 200) for how, vip in (("stream", stage.net.vip), ("tuple", TUPLE_VIP)))
        for peer in (*publishers, *players):
            peer.stop()
    opened = stage.sessions()["opened"]
    say(f"{STREAMS} of {STREAMS} played by WHEP on their server {dict(servers)}, {by_flv['stream', True]} by HTTP-FLV "
        f"(with `tuple` {by_flv['tuple', True]}); RTP {dict(packets)}; sessions opened {opened}")
    assert by_flv["stream", True] == STREAMS and by_flv["tuple", True] < STREAMS, by_flv
    assert len(servers) == 3, servers
    assert opened == {rung: 2 * STREAMS if rung == "whip" else 0 for rung in opened}, opened


def cleat_knows_their_passwords(stage):
    publisher = stage.phone.publish(whip_url(stage.net.vip, "known")).wait_media(3)
    known = {s["username"]: s for s in stage.cleatd.api.get("/v1/sessions?limit=1000")["sessions"]}
    assert known[publisher.username]["passwords"] == {"server": True, "client": True}, known
    publisher.stop()


def a_session_is_ended_at_its_server_by_its_name(stage):
    peers = [stage.phone.publish(whip_url(stage.net.vip, f"ended{number}")) for number in range(2 * TOGETHER)]
    wait_for_all(peers, "packets", 5)
    for peer in peers:
        server, _ = stage.owner(peer.username)
        assert stage.end(peer) == 200
        assert server.wait_session(peer.username, lambda s: not s.live, "its end").why == "deleted"
        peer.stop()


TESTS = (streams_published_by_whip_are_played_by_whep_and_by_http_flv, cleat_knows_their_passwords,
         a_session_is_ended_at_its_server_by_its_name)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS), reason_to_skip=no_whip)
