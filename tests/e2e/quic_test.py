# SPDX-License-Identifier: MIT
"""Real QUIC clients that rebind, migrate and sit behind a NAT that forgets keep their server (`affinity: quic`), with
ids in clear, single pass and four pass, over IPv4 and IPv6; with a wrong key, or by tuple, they break.
"""
from staged import run_on_stages, say
from nat_home import NatHome
from quic_peers import PORT, Ids, no_endpoints
from quic_stage import (CLEAR, CONNECTIONS, MOVES, OTHER_KEY, SEALED, SINGLE, TUPLE_VIP, WORKERS, WRONG_KEY_VIP,
                        Stage, queues_used)


def everything(run, build):
    stage = Stage(run, build)
    stage.home = NatHome(run, stage.net.clients[1])
    stage.serve("sealed", PORT, [SEALED])
    stage.serve("clear", PORT + 1, [CLEAR])
    stage.serve("single", PORT + 2, [SINGLE])
    stage.serve("three", PORT + 3, [SEALED, CLEAR, Ids(2, OTHER_KEY, 3, 4, 1)])
    stage.serve("retry", PORT + 4, [SEALED], retry=True)
    stage.serve("sealed6", PORT, [SEALED], vip=stage.net.vip6)
    sealed = stage.servers["sealed"]
    stage.serve("wrong-key", PORT, [Ids(0, OTHER_KEY)], vip=WRONG_KEY_VIP, servers=sealed)
    stage.serve("by-tuple", PORT, [SEALED], vip=TUPLE_VIP, affinity="tuple", servers=sealed)
    return stage.start()


def moving(stage, name):
    return stage.all_live(name, 4, local=stage.both_addresses(name), **MOVES)


def connections_with_ids_of_four_passes_live_on(stage):
    moving(stage, "sealed")


def connections_with_ids_in_clear_live_on(stage):
    moving(stage, "clear")


def connections_with_ids_of_a_single_pass_live_on(stage):
    moving(stage, "single")


def connections_with_ids_of_three_configurations_live_on(stage):
    moving(stage, "three")


def connections_over_ipv6_live_on(stage):
    moving(stage, "sealed6")


def a_connection_keeps_its_server_while_its_tuples_change_workers(stage):
    """The kernel's counters say which queue, hence worker, each of the 21 tuples of one connection came by."""
    moves = tuple(range(1, 21))
    client = stage.ask("sealed", connections=1, rounds=21, rebind_at=moves, pause_at=moves)
    before, by_queue = queues_used(stage.net.balancer), [0] * WORKERS
    for pause in moves:
        client.wait_paused(pause)
        now = queues_used(stage.net.balancer)
        came = [n - b for n, b in zip(now, before)]
        by_queue[came.index(max(came))] += 1
        before = now
        client.go_on()
    report = client.report()
    say(f"{report.good} of 1 lives, {report.moves} moves; tuples by worker {by_queue}")
    assert report.good == 1 and report.moves == 20 and len(report.servers) == 1, report
    assert min(by_queue) > 0, by_queue


def connections_live_on_when_a_nat_forgets_them(stage):
    def between(client):
        for pause in (1, 2, 3):
            client.wait_paused(pause)
            stage.home.rebind()
            client.go_on()
    report = stage.all_live("sealed", 3, between, space=stage.home.phone, rounds=5, pause_at=(1, 2, 3))
    assert report.moves == 0, report


def a_retry_comes_back_and_its_token_to_the_same_server(stage):
    stage.all_live("retry", 4, local=stage.both_addresses("retry"), **MOVES)
    retries = sum(s.count("retry") for s in stage.servers["retry"])
    assert retries == CONNECTIONS, retries


def a_client_hello_of_several_datagrams_stays_together(stage):
    stage.all_live("sealed", hello_bytes=3000, own_id_length=0)


def it_does_when_the_clients_own_id_looks_like_a_servers(stage):
    """The config's bits and length are right, what is in it is random."""
    stage.all_live("sealed", hello_bytes=3000, first_destination="08")


def quic_v2_is_balanced(stage):
    stage.all_live("sealed", 4, local=stage.both_addresses("sealed"), version="709a50c4", **MOVES)


def an_unknown_version_gets_the_servers_answer(stage):
    report = stage.ask("clear", version="1a2a3a4a").report()
    answered = [s.count("versions") for s in stage.servers["clear"]]
    say(f"version negotiation: {dict(report.why)}; by server {answered}")
    assert report.why == {"ERR_RECV_VERSION_NEGOTIATION": CONNECTIONS} and sum(answered) == CONNECTIONS, (report, answered)


def no_packet_was_dropped(stage):
    """Where a client's socket was, its host answers the server's last packets with ICMP."""
    drops = stage.cleatd.api.drops()
    say(f"drops: {drops}")
    assert not set(drops) - {"icmp_not_forwarded"}, drops


def with_a_wrong_key_they_break(stage):
    stage.most_break("wrong-key")


def by_tuple_they_break(stage):
    stage.most_break("by-tuple")


def by_tuple_they_live_as_long_as_they_stay(stage):
    """So what breaks is the move."""
    stage.all_live("by-tuple")


TESTS = (connections_with_ids_of_four_passes_live_on, connections_with_ids_in_clear_live_on,
         connections_with_ids_of_a_single_pass_live_on, connections_with_ids_of_three_configurations_live_on,
         connections_over_ipv6_live_on, a_connection_keeps_its_server_while_its_tuples_change_workers,
         connections_live_on_when_a_nat_forgets_them, a_retry_comes_back_and_its_token_to_the_same_server,
         a_client_hello_of_several_datagrams_stays_together, it_does_when_the_clients_own_id_looks_like_a_servers,
         quic_v2_is_balanced, an_unknown_version_gets_the_servers_answer, no_packet_was_dropped,
         with_a_wrong_key_they_break, by_tuple_they_break, by_tuple_they_live_as_long_as_they_stay)

if __name__ == "__main__":
    run_on_stages((everything, TESTS), reason_to_skip=no_endpoints)
