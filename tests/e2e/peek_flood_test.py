# SPDX-License-Identifier: MIT
"""Ten thousand clients of each family that begin a connection and do not go on, at a service that accepts them itself: others are
served meanwhile.

Those that only send a SYN cost nothing (RFC 4987 section 3.6). Those that say a part of a request have a place in a table that is
smaller than they are many; each is reset, pushed out by a younger one or too slow.
"""
import json
import sys
from pathlib import Path

from staged import run_on_stages, say
from peek_stage import CAM, Stage
from lab.child import Child
from lab.loss import Loss
from lab.nginx import WEB_PORT

COUNT, RATE = 10_000, 2500
PLACES = 4096  # lb::Peeks::kDefaultCount
_HALF_OPEN = Path(__file__).with_name("half_open.py")


def _flood(stage, name, *text):
    """What became of them, and how many connections were read that were not those of others, who were served meanwhile."""
    served, began = 0, stage.cleatd.api.peeks()["began"]
    with Loss({stage.net.crowd: f"tcp sport {WEB_PORT}"}):
        words = [sys.executable, "-B", _HALF_OPEN, stage.vips[name], WEB_PORT, COUNT, RATE, *text]
        child = Child(stage.run, f"half-open-{len(stage.run.pids)}", words, stage.net.crowd)
        while child.running():
            stage.all_whole(stage.ask("--count", 5, name=name))
            served += 5
        assert child.wait() == 0, child.last_lines()
    report = json.loads(child.last_lines(1))
    report["read"] = stage.cleatd.api.peeks()["began"] - began - served
    say(f"{report}; {served} others were served meanwhile")
    assert served > 0
    return report


def connections_that_are_not_acknowledged_cost_nothing(stage):
    for name in stage.vips:
        report = _flood(stage, name)
        assert report["answered"] > COUNT * 0.99 and report["read"] == report["reset"] == 0, (name, report)


def requests_that_are_not_finished_end_each_by_a_reset(stage):
    for name in stage.vips:
        before = stage.ends()
        report = _flood(stage, name, f"GET {CAM} HTTP/1.1\r\nHost: ")
        ends = stage.ends() - before
        say(f"{name}: ends {dict(ends)}")
        assert report["heard"] > COUNT * 0.9 > PLACES, (name, report)
        assert report["reset"] > report["heard"] * 0.99, (name, report)
        assert ends["pushed_out"] + ends["too_slow"] == report["read"] and ends["pushed_out"] > 0, (name, report, ends)


def nothing_is_left_of_them(stage):
    stage.comes_to_rest()
    stage.serves()
    say(f"drops {stage.cleatd.api.drops()}")


TESTS = (connections_that_are_not_acknowledged_cost_nothing, requests_that_are_not_finished_end_each_by_a_reset,
         nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
