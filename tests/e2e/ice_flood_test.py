# SPDX-License-Identifier: MIT
"""A million checks with invented USERNAMEs while real sessions run and others begin, on the rung that such a flood hurts most:
asking the servers.
"""
import sys
from pathlib import Path

from staged import run_on_stages, say
from lab.child import Child
from browser import whip_url
from browser_pipe import PageError
from ice_stage import WORKERS, Stage, only
from lab.wait import DeadlineMissed
from whip_peers import UDP_PORT, no_whip

FLOOD, SECONDS = 1_000_000, 30
ESTABLISHED, NEW = 10, 20
ASKS_PER_S = 2000  # of a worker (lb/asks.h)
FLOODERS = 2


def stage(run, build):
    made = Stage(run, build, ice=only("ask"))
    made.home.rebind(moved=True)
    return made


def flood(stage):
    words = [sys.executable, "-B", Path(__file__).with_name("stun_flood.py"), stage.net.vip, UDP_PORT,
             FLOOD // FLOODERS, SECONDS]
    return [Child(stage.run, f"flood{i}", words, stage.net.clients[1]) for i in range(FLOODERS)]


def a_million_invented_names_disturb_no_session_and_stop_no_new_one(stage):
    sessions = [stage.publish()[1] for _ in range(ESTABLISHED)]
    before = {s.username: stage.owner(s.username) for s in sessions}
    counts, dropped = stage.counts(), drops(stage)
    flooders = flood(stage)
    good, begun = 0, 0
    while any(f.running() for f in flooders) and begun < NEW:
        begun += 1
        try:
            peer = stage.phone.publish(whip_url(stage.net.vip, stage.name())).wait_packets(20, deadline_s=10)
            good += 1
            peer.stop()
        except (DeadlineMissed, PageError) as error:
            say(error)
    still = sum(f.running() for f in flooders)
    sent = sum(int(wait_end(f)) for f in flooders)
    after = stage.counts()
    say(f"{sent} invented names in {SECONDS} s; {good} of {begun} new sessions got media, {still} floods outlasted them; "
        f"asked {after['asked'] - counts['asked']}, not asked {after['asks_refused'] - counts['asks_refused']}, pushed out "
        f"{after['pushed_out'] - counts['pushed_out']}, drops {difference(drops(stage), dropped)}")
    for session in sessions:
        server, was = before[session.username]
        session.wait_packets()
        seen = server.session(session.username)
        assert seen.live and seen.remotes == was.remotes and seen.handshakes == 1, (was, seen)
    assert sent > FLOOD * 0.9 and good >= begun - 1 and begun == NEW, (sent, good, begun)
    budget = ASKS_PER_S * WORKERS * (len(stage.servers) - 1) * (SECONDS + 30)
    assert after["asked"] - counts["asked"] <= budget, (after, counts)
    assert after["opened"]["asked"] - counts["opened"]["asked"] == good, (after, counts)


def drops(stage):
    return {d["reason"]: d["packets"] for d in stage.cleatd.api.get("/v1/stats")["drops"]}


def difference(after, before):
    return {key: value - before[key] for key, value in after.items() if value != before[key]}


def wait_end(child):
    child.wait(120)
    return child.log().split()[-1]


def nothing_of_the_flood_stays(stage):
    """Sessions, slots and entries of what nobody answered are gone some seconds later."""
    stage.cleatd.child.wait_until(lambda: len(stage.sessions()) < 100, "the invented sessions to be forgotten", 40)


TESTS = (a_million_invented_names_disturb_no_session_and_stop_no_new_one, nothing_of_the_flood_stays)

if __name__ == "__main__":
    run_on_stages((stage, TESTS), reason_to_skip=no_whip)
