# SPDX-License-Identifier: MIT
"""The WebRTC endpoints themselves, without Cleat: a real browser and a server that behaves as SRS; so what breaks
behind Cleat is not theirs.

    browser 192.168.7.2 --- NAT (client1) --- router --- servers (backends)
            10.10.0.51 -------------------------/      from the last tests on
"""
import struct

from staged import run_on_stages, say
from lab.topology import Topology
from lab.wait import wait_for
from browser import Browser, whep_url, whip_url
from browser_pipe import PageError
from nat_home import NatHome
from stun import SUCCESS, USERNAME, attributes, binding_request, tell, transaction_of
from whip_peers import UDP_PORT, WhipServer, no_whip

CONSENT_MS = 2656  # between two of Chromium's Binding requests on a pair that works
PWD = "u" * 32
SECOND, SECOND6 = "10.10.0.51", "fd10::51"
NOBODY = "nobody00:ABCD"


class Stage:
    def __init__(self, run, build):
        self.run, self.build = run, build
        self.net = Topology(run, clients=2, backends=2)
        self.home, self.stranger = NatHome(run, self.net.clients[0]), self.net.clients[1]
        self.server = WhipServer(run, self.net.backends[0], build)
        self.browser = Browser(run, self.home.phone)
        self.streams, self.has_second_way = 0, False

    def stream(self, players=1, server=None, **query):
        """(publisher, [player...]) of a new stream, all with media."""
        address = (server or self.server).address
        self.streams += 1
        name = f"show{self.streams}"
        publisher = self.browser.publish(whip_url(address, name, **query)).wait_media()
        return publisher, [self.browser.play(whep_url(address, name)).wait_media() for _ in range(players)]

    def end(self, publisher, players):
        for each in (publisher, *players):
            each.stop()

    def second_way(self):
        """A second interface of the phone, past the NAT, with routes for what comes from its addresses."""
        if self.has_second_way:
            return
        self.has_second_way, phone = True, self.home.phone
        self.net.outside.plug(phone, (f"{SECOND}/24", f"{SECOND6}/64"), "eth1")
        phone.ip("route add default via 10.10.0.1 table 51", f"rule add from {SECOND} lookup 51",
                 "route add default via 10.10.0.1 metric 9", "route add default via fd10::1")
        self.browser.wait_addresses({phone.address, SECOND, SECOND6})

    def stray(self, kind):
        return self.server.stats()[1][kind]

    def ask(self, server, *datagrams, answers=1):
        return tell(self.stranger, server.address, UDP_PORT, datagrams, answers)


def a_stream_is_published_and_played(stage):
    publisher, players = stage.stream(players=2)
    sessions, strays = stage.server.stats()
    say(f"publisher {publisher.stats()}")
    for peer in (publisher, *players):
        seen, stats = sessions[peer.username], peer.stats()
        assert (seen.kind, seen.live, seen.handshakes) == ("whip" if peer is publisher else "whep", True, 1), seen
        assert stats.remote == f"{stage.server.address}:{UDP_PORT}", stats
        assert seen.remotes == [seen.remote] and seen.remote.startswith(stage.home.router.address), seen
        assert stats.lost == 0 and len(seen.received if peer is publisher else seen.sent) == 2, (stats, seen)
    assert len(sessions) == 3 and not strays, (sessions, strays)
    stage.end(publisher, players)


def a_session_ends_when_deleted_and_when_closed(stage):
    publisher, (player,) = stage.stream()
    assert player.delete() == 200
    publisher.stop()
    assert stage.server.wait_session(player.username, lambda s: not s.live, "its end").why == "deleted"
    assert stage.server.wait_session(publisher.username, lambda s: not s.live, "its end").why == "closed"
    assert publisher.delete() == 200, "also of what is not there"


def a_client_may_choose_the_servers_ufrag(stage):
    publisher, players = stage.stream(ice_ufrag="LB1abcde", ice_pwd=PWD)
    assert publisher.username.startswith("LB1abcde:") and stage.server.session(publisher.username).live
    stage.end(publisher, players)
    try:
        stage.stream(ice_ufrag="abc")
        raise AssertionError("three characters are too few")
    except PageError as error:
        assert "Failed to fetch" in str(error), error  # closed without an answer


def the_json_api_names_the_session_at_its_end(stage):
    base = f"http://{stage.server.address}:1985/rtc/v1"
    publisher = stage.browser.publish(f"{base}/publish/?stream=legacy").wait_media()
    player = stage.browser.play(f"{base}/play/?stream=legacy").wait_media()
    assert stage.server.session(publisher.username).stream == stage.server.session(player.username).stream == "legacy"
    stage.end(publisher, [player])


def a_nat_that_forgets_is_followed_at_the_next_check(stage):
    publisher, (player,) = stage.stream()
    before = stage.server.stats(reset=True)[0]
    dropped = stage.stray("media")
    player.gap()
    stage.home.rebind()
    for peer in (publisher, player):
        stage.server.wait_session(peer.username, lambda s: s.remote != before[s.username].remote, "another address")
    player.wait_media()
    after, gap = stage.server.stats()[0], player.gap()
    say(f"no audio for {gap.audio_ms:.0f} ms, from the publisher for {after[publisher.username].gap_ms} ms")
    for peer in (publisher, player):
        seen = after[peer.username]
        assert len(seen.remotes) == 2 and seen.handshakes == 1 and peer.stats().connection == "connected", seen
    assert stage.stray("media") > dropped and gap.audio_ms < 2.5 * CONSENT_MS, gap
    stage.end(publisher, [player])


def an_unknown_username_stays_silent(stage):
    publisher, players = stage.stream(ice_pwd=PWD)
    before = stage.stray("stun")
    wrong, right = (binding_request(name, PWD) for name in (NOBODY, publisher.username))
    (answer,) = stage.ask(stage.server, wrong, right)
    kind, said = attributes(answer)
    assert (transaction_of(answer), kind, said[USERNAME]) == (transaction_of(right), SUCCESS, publisher.username.encode())
    assert stage.stray("stun") > before
    stage.end(publisher, players)


def the_media_of_a_stranger_is_dropped(stage):
    publisher, players = stage.stream()
    ssrc, before = 0x5EED5EED, stage.stray("media")
    stage.ask(stage.server, *(struct.pack("!BBHII", 128, 108, i, i, ssrc) + bytes(60) for i in range(20)), answers=0)
    wait_for(lambda: stage.stray("media") >= before + 20, lambda: f"20 strays: {stage.stray('media')}")
    assert all(str(ssrc) not in seen.received for seen in stage.server.stats()[0].values())
    stage.end(publisher, players)


def who_knows_a_username_has_the_media_until_the_next_check(stage):
    """SRS does not look at the integrity; so a balancer must not trust such a request more than SRS may bear."""
    publisher, players = stage.stream()
    before = stage.server.session(publisher.username)
    stage.ask(stage.server, binding_request(publisher.username, "not the password"))
    stage.server.wait_session(publisher.username, lambda s: len(s.remotes) == 2, "the forger's address")
    stage.server.wait_session(publisher.username, lambda s: s.remote == before.remote, "its own address again")
    stage.end(publisher, players)


def a_server_that_checks_integrity_does_not_answer_him(stage):
    server = WhipServer(stage.run, stage.net.backends[1], stage.build, check_integrity=True)
    publisher, players = stage.stream(server=server, ice_pwd=PWD)
    wrong, right = (binding_request(publisher.username, pwd) for pwd in ("not the password", PWD))
    (answer,) = stage.ask(server, wrong, right)
    assert transaction_of(answer) == transaction_of(right)
    stage.end(publisher, players)


def a_stream_is_published_and_played_over_ipv6(stage):
    stage.second_way()
    backend = stage.net.backends[1]
    server = WhipServer(stage.run, backend, stage.build, address=backend.address6, udp_port=8006)
    publisher, players = stage.stream(server=server)
    for peer in (publisher, *players):
        assert server.session(peer.username).remote == peer.stats().local, (server.stats(), peer.stats())
        assert peer.stats().local.startswith(f"[{SECOND6}]"), peer.stats()
    stage.end(publisher, players)


def a_client_that_loses_an_address_goes_on_by_its_other(stage):
    """Chromium does not see the interface again when it is back."""
    stage.second_way()
    phone, server = stage.home.phone, stage.server
    publisher, (player,) = stage.stream()
    peers = (publisher, player)
    for peer in peers:
        server.wait_session(peer.username, lambda s: len(s.remotes) == 2, "both addresses")
    lost = publisher.stats().local.split(":")[0]
    player.gap()
    phone.ip(f"link set {'eth1' if lost == SECOND else 'eth0'} down")
    for peer in peers:
        wait_for(lambda: not peer.stats().local.startswith(lost), lambda: f"another pair: {peer.stats()}", 20)
        peer.wait_media()
    say(f"after {lost} had gone no audio for {player.gap().audio_ms:.0f} ms; {publisher.stats()}")
    assert all(server.session(peer.username).handshakes == 1 for peer in peers)
    stage.end(publisher, [player])


def a_session_is_over_some_time_after_its_client_has_gone(stage):
    """The last test: it ends the browser."""
    server = WhipServer(stage.run, stage.net.backends[1], stage.build, http_port=1987, udp_port=8007,
                        idle_ms=1500)
    publisher = stage.browser.publish(f"http://{server.address}:1987/rtc/v1/whip/?app=live&stream=gone").wait_media()
    stage.browser.stop()
    assert server.session(publisher.username).live, "it was told"
    (end,) = server.wait("ended")
    assert (end["username"], end["why"]) == (publisher.username, "idle"), end


TESTS = (a_stream_is_published_and_played, a_session_ends_when_deleted_and_when_closed,
         a_client_may_choose_the_servers_ufrag, the_json_api_names_the_session_at_its_end,
         a_nat_that_forgets_is_followed_at_the_next_check, an_unknown_username_stays_silent,
         the_media_of_a_stranger_is_dropped, who_knows_a_username_has_the_media_until_the_next_check,
         a_server_that_checks_integrity_does_not_answer_him, a_stream_is_published_and_played_over_ipv6,
         a_client_that_loses_an_address_goes_on_by_its_other, a_session_is_over_some_time_after_its_client_has_gone)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS), reason_to_skip=no_whip)
