# SPDX-License-Identifier: MIT
"""The lab itself, with the kernel's NAT in Cleat's place: it carries traffic, and whatever ends it, nothing is left."""
import re
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from lab.crowd import ask_who  # noqa: E402
from lab.loss import Loss  # noqa: E402
from lab.nginx import Nginx  # noqa: E402
from lab.run import Run  # noqa: E402
from lab.stand_in import stand_in  # noqa: E402
from lab.topology import Topology  # noqa: E402
from lab.traffic import fetch, sha256, url  # noqa: E402
from lab.wait import wait_for  # noqa: E402
from lab.wire import Wire  # noqa: E402
from tap import run_tests  # noqa: E402
from traces import traces_of  # noqa: E402


def carries_both_families(arms):
    with Run() as run:
        net = Topology(run, arms=arms)
        stand_in(net)
        origins = [Nginx(run, backend) for backend in net.backends]
        for vip in (net.vip, net.vip6):
            got = fetch(net.clients[0], url(vip, "/body"))
            assert got.sha256 == sha256(origins[0].body), got
            crowd = ask_who(net, vip, 30)
            assert sum(crowd.answers.values()) == 30 and len(crowd.answers) == 3, crowd


def two_arms_carry_both_families():
    carries_both_families(2)


def one_arm_carries_both_families():
    carries_both_families(1)


def pinged(host, count):
    """(answers, answers that came again) of so many echo requests to the router."""
    said = host.call("ping", "-q", "-c", count, "-i", "0.01", "-W", "1", "10.10.0.1", check=False).stdout
    return tuple(int(found[1]) if (found := re.search(what, said)) else 0 for what in (r"(\d+) received", r"\+(\d+) duplicates"))


def a_bad_cable_is_bad_as_long_as_it_is_laid():
    with Run() as run:
        net = Topology(run)
        client = net.clients[0]
        assert pinged(client, 1) == (1, 0)  # both know the other's MAC: who asks for it and is not heard asks again after a second
        with Wire(run, net.outside, client, late=0.2, twice=0.2, lost=0.2) as wire:
            answers, again = pinged(client, 100)
            frames = wire.frames()
        assert 30 < answers < 100 and again > 0, (answers, again)
        assert all(frames[what] > 10 for what in ("late", "twice", "lost")), frames
        with Loss({client: "icmp type echo-reply"}) as loss:
            assert pinged(client, 10) == (0, 0)
        assert loss.packets() == 10
        assert pinged(client, 10) == (10, 0)


class Neighbour:
    """Another run in a process of its own: says when its lab stands, then waits, or ends as told."""

    def __init__(self, ending):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, "--run", ending], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout.readline() == "stands\n"

    def end(self, number=None):
        if number:
            self.process.send_signal(number)
        self.process.stdout.close()
        return self.process.wait(30)

    def traces(self):
        return traces_of(self.process.pid)


def run_as_neighbour(ending):
    with Run() as run:
        net = Topology(run)
        stand_in(net)
        for backend in net.backends:
            Nginx(run, backend)
        print("stands", flush=True)
        if ending == "raise":
            raise RuntimeError("as told")
        if ending == "wait":
            signal.pause()


def ends_clean(ending, number, code):
    neighbour = Neighbour(ending)
    if ending == "wait":
        assert len(neighbour.traces()) > 10, "the test would not see what is left"
    assert neighbour.end(number) == code
    assert not neighbour.traces(), neighbour.traces()


def nothing_is_left_after_success():
    ends_clean("return", None, 0)


def nothing_is_left_after_an_exception():
    ends_clean("raise", None, 1)


def nothing_is_left_after_ctrl_c():
    ends_clean("wait", signal.SIGINT, 1)


def nothing_is_left_after_sigterm():
    ends_clean("wait", signal.SIGTERM, 1)


def two_runs_at_once_do_not_meet():
    neighbours = [Neighbour("wait"), Neighbour("wait")]
    two_arms_carry_both_families()
    assert all(len(n.traces()) > 10 for n in neighbours)
    assert neighbours[0].end(signal.SIGINT) == 1
    assert not neighbours[0].traces() and len(neighbours[1].traces()) > 10
    neighbours[1].end(signal.SIGINT)


def the_next_run_removes_what_a_killed_one_left():
    killed, alive = Neighbour("wait"), Neighbour("wait")
    killed.end(signal.SIGKILL)
    assert killed.traces()
    with Run():
        wait_for(lambda: not killed.traces(), killed.traces, 5)
    assert len(alive.traces()) > 10
    alive.end(signal.SIGINT)


TESTS = (two_arms_carry_both_families, one_arm_carries_both_families, a_bad_cable_is_bad_as_long_as_it_is_laid,
         nothing_is_left_after_success,
         nothing_is_left_after_an_exception, nothing_is_left_after_ctrl_c, nothing_is_left_after_sigterm,
         two_runs_at_once_do_not_meet, the_next_run_removes_what_a_killed_one_left)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run_as_neighbour(sys.argv[2])
    else:
        run_tests(TESTS, sys.argv[1:])
