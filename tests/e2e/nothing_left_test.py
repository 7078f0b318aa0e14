# SPDX-License-Identifier: MIT
"""The tests themselves: whether they pass, fail, are interrupted or killed, nothing of a lab with a cleatd is left."""
import signal
import subprocess
import sys

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT, Flows, FlowServer
from lab.run import Run
from lab.topology import Topology
from lab.wait import wait_for
from tap import run_tests
from traces import traces_of


class Stage:
    """cleatd at work: flows are open, and once it was killed."""

    def __init__(self, run, build):
        net = Topology(run, arms=1, backends=1)
        FlowServer(run, net.backends[0])
        config = config_for(net, api_path(run), state_path(run))
        config["pools"] = {"near": {"backends": [net.backends[0].address]}}
        config["services"] = [service("flows", net.vip, "tcp", PORT, "near")]
        cleatd = Cleatd(run, net.balancer, build, config).start()
        cleatd.kill()
        cleatd.start()
        Flows(run, net.clients[0], net.vip, 5, 50, hold=True).wait_open()
        say(f"pids {' '.join(map(str, run.pids))}")


def passes(_stage):
    pass


def fails(_stage):
    raise AssertionError("as told")


def waits(_stage):
    say("waits")
    signal.pause()


class Other:
    """This file as another process, with one of the three tests above; stands when made."""

    def __init__(self, test):
        self.process = subprocess.Popen([sys.executable, "-B", __file__, *sys.argv[1:], "--as", test], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.pids = []
        for line in self.process.stdout:
            if line.startswith("# pids "):
                self.pids = [int(word) for word in line.split()[2:]]
                break

    def wait_for_test(self):
        assert "# waits\n" in iter(self.process.stdout.readline, "")
        return self

    def end(self, number=None):
        if number:
            self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def traces(self):
        return traces_of(self.process.pid, self.pids)


def nothing_is_left_when_all_passed():
    other = Other("passes")
    assert other.pids and other.end() == 0
    assert not other.traces(), other.traces()


def nothing_is_left_when_a_test_failed():
    other = Other("fails")
    assert other.pids and other.end() == 1
    assert not other.traces(), other.traces()


def nothing_is_left_after_ctrl_c_and_sigterm():
    for number in (signal.SIGINT, signal.SIGTERM):
        other = Other("waits").wait_for_test()
        assert len(other.traces()) > 8, "the test would not see what is left"
        assert other.end(number) != 0
        assert not other.traces(), other.traces()


def the_next_run_removes_what_is_left_after_sigkill():
    other = Other("waits").wait_for_test()
    other.end(signal.SIGKILL)
    with Run():
        wait_for(lambda: not other.traces(), other.traces, 20)


TESTS = (nothing_is_left_when_all_passed, nothing_is_left_when_a_test_failed,
         nothing_is_left_after_ctrl_c_and_sigterm, the_next_run_removes_what_is_left_after_sigkill)

if __name__ == "__main__":
    if "--as" in sys.argv:
        test = globals()[sys.argv.pop()]
        sys.argv.pop()
        run_on_stages((Stage, (test,)))
    else:
        run_tests(TESTS)
