# SPDX-License-Identifier: MIT
"""SRT by libsrt itself, with srt-live-transmit and ffmpeg: publishers and players of one stream meet at one of three servers, and keep
their connections when their addresses change, which the servers do not notice.
"""
import statistics
import sys
import time
from pathlib import Path

from staged import run_on_stages, say
from srt_peers import PORT, no_endpoints, transmit, url
from srt_stage import Stage
from stream_peers import stop
from lab.child import Child
from lab.wait import wait_for

COUNT = 12
FLOOD, FLOOD_RATE = 100_000, 20_000
_FLOOD = Path(__file__).with_name("srt_flood.py")


def a_flood_of_forged_inductions_leaves_nothing_and_others_connect(stage):
    stage.comes_to_rest()
    answered = stage.counts()["inductions"]
    flood = Child(stage.run, "flood", [sys.executable, "-B", _FLOOD, stage.net.vip, PORT, FLOOD, FLOOD_RATE], stage.net.crowd)
    served = 0
    while flood.running():
        connect_ms(stage, stage.net.vip, f"meanwhile-{served}")
        served += 1
    assert flood.wait() == 0, flood.last_lines()
    answered = stage.counts()["inductions"] - answered
    say(f"{answered} of {FLOOD} answered, {served} others were served meanwhile; {flood.last_lines(1)}")
    assert answered > FLOOD * 0.9 and served > 0
    assert stage.cleatd.api.service("srt")["flows_open"] <= served


def by_tuple_about_a_third_meet(stage):
    names = [f"tuple-{i}" for i in range(COUNT)]
    publishers = stage.publish("tuple", names)
    stage.wait_published(names)
    played = stage.play("tuple", names)
    stage.wait_accepted(names)
    together = stage.together(names)
    met = stage.met(played, together)
    say(f"{met} of {COUNT} met; streams by server {stage.where(names)}")
    stop([child for each in publishers for child in each.children] + [each.child for each in played])
    assert met == len(together) < COUNT, (met, together)


def by_srt_all_meet_whoever_comes_first(stage):
    names = [f"srt-{i}" for i in range(COUNT)]
    early, late = names[:COUNT // 2], names[COUNT // 2:]
    played = stage.play("srt", early)
    stage.wait_accepted(early)
    publishers = stage.publish("srt", names)
    stage.wait_published(names)
    played += stage.play("srt", late)
    met, where = stage.met(played, names), stage.where(names)
    say(f"{met} of {COUNT} met; streams by server {where}; {stage.counts()}")
    listed = {s["stream"] for s in stage.cleatd.api.get("/v1/streams?service=srt")["streams"] if s["published"]}
    stop([child for each in publishers for child in each.children] + [each.child for each in played])
    assert met == COUNT and all(where.values()), where
    assert listed >= {f"/live/{name}" for name in names}, listed


def a_publisher_that_moves_keeps_its_connection(stage):
    blocks = stage.blocks("mobile", phone_publishes=True)
    reports = stage.moves("mobile", blocks, changes(stage))
    tell(reports)
    blocks.stop()


def a_player_that_moves_keeps_its_connection(stage):
    blocks = stage.blocks("watched", phone_publishes=False, port=7010)
    reports = stage.moves("watched", blocks, changes(stage))
    tell(reports)
    blocks.stop()


def connections_go_on_after_kill_9_also_of_a_client_that_moved_meanwhile(stage):
    blocks = stage.blocks("killed", phone_publishes=True, port=7020)
    before = stage.peers_of("killed")
    blocks.report()
    stage.cleatd.kill()
    stage.home.rebind(moved=True)
    stage.cleatd.start()
    wait_for(lambda: stage.counts()["moved"] > 0, "the connection to move", 10)
    blocks.wait_for_more(3)
    report = blocks.report()
    say(f"{report}")
    assert blocks.goes_on() and report["count"] > 100 and stage.peers_of("killed") == before, report
    blocks.stop()


def clients_of_ipv6_meet_those_of_ipv4(stage):
    blocks = stage.blocks("both", phone_publishes=True, port=7030, play_address=stage.net.vip6)
    blocks.wait_for_more(1)
    report = blocks.report()
    say(f"{report}")
    assert report["count"] > 50 and report["missing"] == report["damaged"] == 0, report
    blocks.stop()


def a_refusal_reaches_the_caller(stage):
    refused = stage.counts()["refused"]
    child = transmit(stage.run, "refused", stage.client, url(stage.net.vip, "closed/door", publishes=False), "file://con")
    wait_for(lambda: not child.running(), "the caller to give up", 10)
    say(child.last_lines(3))
    assert stage.counts()["refused"] > refused and any(r.count("refused") for r in stage.relays)


def connecting_takes_no_quarter_of_a_second(stage):
    """A caller that waits for its own repeat takes 250 ms; libsrt goes on as soon as the server has answered."""
    through, directly = ([connect_ms(stage, address, f"{name}-{i}") for i in range(10)]
                         for name, address in (("through", stage.net.vip), ("directly", stage.net.backends[0].address)))
    say(f"from start to acceptance, medians of 10: {statistics.median(through):.0f} ms through Cleat, "
        f"{statistics.median(directly):.0f} ms directly")
    assert statistics.median(through) < statistics.median(directly) + 150, (through, directly)


def connect_ms(stage, address, stream):
    began = time.monotonic()
    child = transmit(stage.run, f"connect-{stream}", stage.client, url(address, stream), "file://con")
    wait_for(lambda: any(relay.accepted(stream) for relay in stage.relays), f"{stream} to be accepted", 10, every_s=0.002)
    took = (time.monotonic() - began) * 1000
    child.stop()
    return took


def nothing_is_left_of_them(stage):
    stage.comes_to_rest()
    say(f"{stage.counts()}, drops {stage.cleatd.api.drops()}")


def changes(stage):
    """Another port of the router's; another address of it."""
    return stage.home.rebind, lambda: stage.home.rebind(moved=True)


def tell(reports):
    for report, what in zip(reports, ("another port", "another address")):
        say(f"{what}: {report}")
        assert report["count"] > 100 and report["damaged"] == report["disordered"] == report["twice"] == 0, report
        assert report["longest_ms"] < 4000, report


# The flood first: it wants nobody else's flows.
TESTS = (a_flood_of_forged_inductions_leaves_nothing_and_others_connect, by_tuple_about_a_third_meet,
         by_srt_all_meet_whoever_comes_first, a_publisher_that_moves_keeps_its_connection,
         a_player_that_moves_keeps_its_connection, connections_go_on_after_kill_9_also_of_a_client_that_moved_meanwhile,
         clients_of_ipv6_meet_those_of_ipv4, a_refusal_reaches_the_caller, connecting_takes_no_quarter_of_a_second,
         nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS), reason_to_skip=no_endpoints)
