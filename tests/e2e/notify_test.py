# SPDX-License-Identifier: MIT
"""What a real cleatd tells a service manager: the datagrams that systemd would get on NOTIFY_SOCKET."""
import os
import signal
import socket
import time

from staged import run_on_stages, say
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT
from lab.topology import Topology
from lab.wait import wait_for


class Stage:
    """A cleatd whose parent listens as a service manager does."""

    def __init__(self, run, build):
        self.net = Topology(run, arms=1, backends=1)
        config = config_for(self.net, api_path(run), state_path(run), workers=1)
        config["pools"] = {"near": {"backends": [self.net.backends[0].address]}}
        config["services"] = [service("flows", self.net.vip, "tcp", PORT, "near")]
        self.heard = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = run.path("notify")
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        run.at_end(self.socket.close)
        self.cleatd = Cleatd(run, self.net.balancer, build, config)
        self.cleatd.child = Child(run, "cleatd", [self.cleatd.program, "--config", self.cleatd.config_path],
                                  self.net.balancer, environment={**os.environ, "NOTIFY_SOCKET": str(path),
                                                                  "WATCHDOG_USEC": "400000"})

    def listen(self):
        while True:
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return self.heard

    def wait_for(self, message, times=1):
        return self.cleatd.child.wait_until(lambda: self.listen().count(message) >= times, f"it said {message}")


def it_says_ready_when_its_api_answers(stage):
    stage.wait_for("READY=1")
    assert stage.cleatd.api.answers()
    stage.wait_for("STATUS=1 service, 1 of 1 backend up")
    assert stage.heard[0] == "READY=1", stage.heard


def it_gives_signs_of_life_twice_in_the_watchdogs_time(stage):
    stage.wait_for("WATCHDOG=1")
    before, begin = stage.heard.count("WATCHDOG=1"), time.monotonic()
    stage.wait_for("WATCHDOG=1", before + 5)
    took_s = time.monotonic() - begin
    say(f"5 signs of life in {took_s:.2f} s; 1.00 s at 200 ms each")
    assert took_s > 0.7


def a_stopped_process_gives_none(stage):
    """Which is what the watchdog is for."""
    stage.cleatd.child.send(signal.SIGSTOP)
    try:
        time.sleep(0.1)  # what was on its way
        before = len(stage.listen())
        time.sleep(0.6)
        assert len(stage.listen()) == before, stage.heard[before:]
    finally:
        stage.cleatd.child.send(signal.SIGCONT)
    stage.wait_for("WATCHDOG=1", stage.heard.count("WATCHDOG=1") + 1)


def a_reload_begins_and_ends(stage):
    stage.wait_for("READY=1")
    stage.cleatd.reload()
    stage.wait_for("READY=1", 2)
    begun = [i for i, message in enumerate(stage.heard) if message.startswith("RELOADING=1\nMONOTONIC_USEC=")]
    assert len(begun) == 1 and stage.heard[begun[0] + 1] == "READY=1", stage.heard


def it_says_that_it_stops(stage):
    assert stage.cleatd.stop() == 0
    wait_for(lambda: "STOPPING=1" in stage.listen(), "STOPPING=1")
    assert stage.heard[-1] == "STOPPING=1", stage.heard


TESTS = (it_says_ready_when_its_api_answers, it_gives_signs_of_life_twice_in_the_watchdogs_time,
         a_stopped_process_gives_none, a_reload_begins_and_ends, it_says_that_it_stops)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
