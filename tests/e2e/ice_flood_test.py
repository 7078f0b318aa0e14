# SPDX-License-Identifier: MIT
"""A million checks with invented USERNAMEs while real sessions run and others begin, on the rung that such a flood hurts most:
asking the servers.
"""
import signal
import sys
import time
from pathlib import Path

from staged import run_on_stages, say
from lab.child import Child
from browser import whip_url
from browser_pipe import PageError
from ice_stage import WORKERS, Stage, only
from lab.wait import DeadlineMissed
from whip_peers import UDP_PORT, no_whip

FLOODS, CHECKS, A_SECOND = 2, 500_000, 17_000  # each; they go on until the new sessions are through
ESTABLISHED, NEW = 10, 20
ASKS_PER_S = 2000  # of a worker (lb/asks.h)


def stage(run, build):
    made = Stage(run, build, ice=only("ask"))
    made.home.rebind(moved=True)
    return made


def flood(stage):
    words = [sys.executable, "-B", Path(__file__).with_name("stun_flood.py"), stage.net.vip, UDP_PORT, CHECKS, A_SECOND]
    return [Child(stage.run, f"flood{i}", words, stage.net.clients[1]) for i in range(FLOODS)]


def begin_sessions(stage):
    """How many of the new ones got media."""
    good = 0
    for _ in range(NEW):
        try:
            stage.phone.publish(whip_url(stage.net.vip, stage.name())).wait_packets(20, deadline_s=10).stop()
            good += 1
        except (DeadlineMissed, PageError) as error:
            say(error)
    return good


def a_million_invented_names_disturb_no_session_and_stop_no_new_one(stage):
    sessions = [stage.publish()[1] for _ in range(ESTABLISHED)]
    before = {s.username: stage.owner(s.username) for s in sessions}
    counts, dropped, begin = stage.counts(), drops(stage), time.monotonic()
    flooders = flood(stage)
    good = begin_sessions(stage)
    for flooder in flooders:
        flooder.send(signal.SIGTERM)
    assert all(flooder.wait(120) == 0 for flooder in flooders)
    seconds = time.monotonic() - begin
    sent, after = sum(int(flooder.log()) for flooder in flooders), stage.counts()
    asked, refused = (after[key] - counts[key] for key in ("asked", "asks_refused"))
    say(f"{sent} invented names in {seconds:.0f} s, of which {refused + asked // (len(stage.servers) - 1)} came to be looked at; "
        f"{good} of {NEW} new sessions got media; asked {asked}, drops {difference(drops(stage), dropped)}")
    for session in sessions:
        server, was = before[session.username]
        session.wait_packets()
        seen = server.session(session.username)
        assert seen.live and seen.remotes == was.remotes and seen.handshakes == 1, (was, seen)
    assert sent > 0.9 * FLOODS * CHECKS and good >= NEW - 1, (sent, good)
    assert asked <= ASKS_PER_S * WORKERS * (len(stage.servers) - 1) * (seconds + 1), (asked, seconds)
    assert after["opened"]["asked"] - counts["opened"]["asked"] == good, (after, counts)


def drops(stage):
    return {d["reason"]: d["packets"] for d in stage.cleatd.api.get("/v1/stats")["drops"]}


def difference(after, before):
    return {key: value - before[key] for key, value in after.items() if value != before[key]}


def nothing_of_the_flood_stays(stage):
    """Sessions, slots and entries of what nobody answered are gone some seconds later."""
    stage.cleatd.child.wait_until(lambda: len(stage.sessions()) < 100, "the invented sessions to be forgotten", 40)


TESTS = (a_million_invented_names_disturb_no_session_and_stop_no_new_one, nothing_of_the_flood_stays)

if __name__ == "__main__":
    run_on_stages((stage, TESTS), reason_to_skip=no_whip)
