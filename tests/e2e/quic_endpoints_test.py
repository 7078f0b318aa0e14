# SPDX-License-Identifier: MIT
"""The QUIC endpoints themselves, without Cleat: they move, meet a NAT that forgets, and tell of what is misrouted; so
what breaks in quic_test.py is not theirs.
"""
from staged import run_on_stages, say
from lab.topology import Topology
from nat_home import NatHome
from quic_peers import Ids, QuicClient, QuicServer, counted, moved, no_endpoints

KEY = "8f95f09245765f80256934e50c66207f"
CONNECTIONS = 20


class Stage:
    """Clients reach the first backend by way of the router."""

    def __init__(self, run, build):
        self.run, self.build = run, build
        self.net = Topology(run, clients=2, backends=2)
        self.client, self.second = self.net.clients[0], "10.10.0.121"
        self.client.ip(f"address add {self.second}/24 dev eth0", "address add fd10::121/64 dev eth0 nodad")
        self.home = NatHome(run, self.net.clients[1])
        self.server = self.serve(0, [Ids(0, KEY).of(0)])

    def serve(self, number, ids, **options):
        return QuicServer(self.run, self.net.backends[number], self.build, ids, **options)

    def ask(self, server, space=None, **options):
        return QuicClient(self.run, space or self.client, self.build, server.address, server.port, CONNECTIONS, **options)

    def all_live(self, server, moves=0, **options):
        before = counted([server])
        report = self.ask(server, **options).report()
        paths = moved([server], before)
        say(f"{report.good} of {CONNECTIONS} live, {report.moves} moves; the server proved {sum(paths)} paths")
        assert report.good == CONNECTIONS and report.moves == CONNECTIONS * moves, report
        assert paths == [1 + moves] * CONNECTIONS, paths
        assert server.count("stray") == 0


def connections_live_on_through_rebindings_and_migrations(stage):
    stage.all_live(stage.server, 4, rebind_at=(2, 5), migrate_at=(3, 6), local=[stage.client.address, stage.second])


def they_do_over_ipv6(stage):
    server = stage.serve(0, [Ids(1).of(0)], address=stage.net.backends[0].address6)
    stage.all_live(server, 4, rebind_at=(2, 5), migrate_at=(3, 6), local=[stage.client.address6, "fd10::121"])


def they_do_when_a_nat_forgets_them(stage):
    before = counted([stage.server])
    client = stage.ask(stage.server, stage.home.phone, rounds=5, pause_at=(1, 2, 3))
    for pause in (1, 2, 3):
        client.wait_paused(pause)
        stage.home.rebind()
        client.go_on()
    report, paths = client.report(), moved([stage.server], before)
    say(f"{report.good} of {CONNECTIONS} live; the server proved {sum(paths)} paths")
    assert report.good == CONNECTIONS and report.moves == 0 and paths == [4] * CONNECTIONS, (report, paths)


def ids_of_several_configurations_take_turns(stage):
    server = stage.serve(0, [Ids(0, KEY).of(0), Ids(1).of(0), Ids(2, KEY[::-1], 3, 4, 1).of(0)], port=4434)
    stage.all_live(server, 3, migrate_at=(2, 4, 6))
    first_bytes = {e["id"][:2] for e in server.events("id", "connection")}
    assert first_bytes == {"08", "28", "48"}, first_bytes


def a_server_goes_on_to_the_next_configuration_when_told(stage):
    server = stage.serve(0, [Ids(0, KEY).of(0), Ids(1).of(0)], port=4435, staged=True)
    client = stage.ask(server, pause_at=(2,), migrate_at=(3, 4, 5)).wait_paused(2)
    before = {e["id"][:2] for e in server.events("id", "connection")}
    server.rotate()
    report = client.go_on().report()
    issued = {e["id"][:2] for e in server.events("id", "connection")}
    assert report.good == CONNECTIONS and (before, issued) == ({"08"}, {"08", "28"}), (report, before, issued)


def a_retry_is_answered(stage):
    server = stage.serve(0, [Ids(0, KEY).of(0)], port=4436, retry=True)
    stage.all_live(server)
    assert server.count("retry") == CONNECTIONS, server.count("retry")


def a_client_hello_of_several_datagrams_arrives(stage):
    stage.all_live(stage.server, hello_bytes=3000, own_id_length=0)


def quic_v2_is_spoken(stage):
    stage.all_live(stage.server, version="709a50c4")


def an_unknown_version_is_answered_with_the_known_ones(stage):
    report = stage.ask(stage.server, version="1a2a3a4a").report()
    assert report.why == {"ERR_RECV_VERSION_NEGOTIATION": CONNECTIONS}, report
    assert stage.server.count("versions") == CONNECTIONS


def a_packet_at_the_wrong_server_shows_on_both_sides(stage):
    """The router sends what was the first server's to the second, in the middle of the connections."""
    other = stage.serve(1, [Ids(0, KEY).of(1)])
    client = stage.ask(stage.server, pause_at=(2,), answer_within_ms=1500).wait_paused(2)
    stage.net.router.sh(f"""nft 'add table ip wrong; add chain ip wrong in {{ type filter hook prerouting priority -300; }}
        add rule ip wrong in udp dport 4433 ip daddr set {other.address}
        add chain ip wrong out {{ type filter hook postrouting priority 300; }}
        add rule ip wrong out udp sport 4433 ip saddr set {stage.server.address}'""")
    report = client.go_on().report()
    stage.net.router.sh("nft delete table ip wrong")
    say(f"{report.broken} of {CONNECTIONS} break; strays at the other server: {other.count('stray')}")
    assert report.broken == CONNECTIONS and report.why == {"no answer": CONNECTIONS}, report
    assert len({e["peer"] for e in other.events("stray")}) == CONNECTIONS


TESTS = (connections_live_on_through_rebindings_and_migrations, they_do_over_ipv6, they_do_when_a_nat_forgets_them,
         ids_of_several_configurations_take_turns, a_server_goes_on_to_the_next_configuration_when_told,
         a_retry_is_answered, a_client_hello_of_several_datagrams_arrives, quic_v2_is_spoken,
         an_unknown_version_is_answered_with_the_known_ones, a_packet_at_the_wrong_server_shows_on_both_sides)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS), reason_to_skip=no_endpoints)
