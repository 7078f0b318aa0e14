# SPDX-License-Identifier: MIT
"""Servers that hang, flap or answer byte by byte; checks by UDP and ICMP; panic; slow start: each contained, and told
once per change.
"""
import contextlib
import os
import signal
import time
from pathlib import Path

from staged import run_on_stages, say
from faulty_server import HTTP_PORT, UDP_PORT, FaultyServer
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.crowd import ask_who
from lab.nginx import API_PORT, WEB_PORT, Nginx
from lab.topology import Topology
from lab.wait import wait_for

TIMEOUT_MS, SLOW_START_S, DEADLINE_S = 300, 10, 30
PANIC_PORT, SLOW_PORT = 8090, 8091
HTTP = {"http": "/api/v1/versions", "port": API_PORT}
PINGED = {"udp": True, "port": UDP_PORT, "send": "ping"}
# By pool: what its check asks, whether it is of IPv6, further fields of the pool.
POOLS = {"http": (HTTP, False, {}),
         "panic": (HTTP, False, {"panic_threshold": "50%"}),
         "slow": (HTTP, False, {"slow_start": f"{SLOW_START_S}s"}),
         "drip": ({"http": "/", "port": HTTP_PORT}, False, {}),
         "udp": ({**PINGED, "begins": "pong"}, False, {}),
         "udp-open": (PINGED, False, {}),
         "icmp": ({"icmp": True}, False, {}),
         "icmp6": ({"icmp": True}, True, {})}
_REFUSE = """
table inet refuse {{
  chain in {{ type filter hook input priority filter; tcp dport {port} reject with tcp reset; }}
}}
"""


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run)
        self.first = self.net.backends[0]
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.faulty = [FaultyServer(run, backend) for backend in self.net.backends]
        self.rules = run.path("refuse.nft")
        self.rules.write_text(_REFUSE.format(port=API_PORT))
        timings = {"interval": "400ms", "fast_interval": "150ms", "timeout": f"{TIMEOUT_MS}ms", "rise": 2, "fall": 2}
        config = config_for(self.net, api_path(run), state_path(run))
        config["pools"] = {
            name: {"health": {**check, **timings}, **fields,
                   "backends": [b.address6 if six else f"{b.address}:{WEB_PORT}" for b in self.net.backends]}
            for name, (check, six, fields) in POOLS.items()}
        config["services"] = [service(pool, self.net.vip, "tcp", port, pool) for pool, port in
                              (("http", WEB_PORT), ("panic", PANIC_PORT), ("slow", SLOW_PORT))]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        for pool in POOLS:
            self.cleatd.wait_healthy(pool, 3, DEADLINE_S)
        self.next_source = 1

    def backend(self, pool, host=None):
        host = host or self.first
        return self.cleatd.api.backends(pool)[host.address6 if POOLS[pool][1] else f"{host.address}:{WEB_PORT}"]

    def wait_state(self, pool, state, host=None):
        return wait_for(lambda: (seen := self.backend(pool, host))["state"] == state and seen, f"{pool} to be {state}",
                        DEADLINE_S)

    def wait_failed(self, pool, more):
        """Until so many more checks of the first backend have failed."""
        begin = self.backend(pool)["health"]["checks"]["failed"]
        wait_for(lambda: self.backend(pool)["health"]["checks"]["failed"] >= begin + more, f"{more} checks to fail",
                 DEADLINE_S)

    def logged(self, text):
        return sum(text in line for line in self.cleatd.child.log().splitlines())

    def told(self, edge, pool, host=None):
        """How often the log told that edge of a backend."""
        host = host or self.first
        name = host.address6 if POOLS[pool][1] else f"{host.address}:{WEB_PORT}"
        return self.logged(f"backend {edge} pool={pool} backend={name} ")

    def ask(self, count, port=WEB_PORT):
        answered = ask_who(self.net, self.net.vip, count, self.next_source, port)
        self.next_source += count
        assert not answered.failures, answered.failures[:3]
        return answered.answers

    def nginx_workers(self):
        """Of the first server: the pids that accept and answer."""
        master = self.origins[0].child.pid
        return [int(word) for word in Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    @contextlib.contextmanager
    def hanging(self):
        """The first nginx: its kernel accepts, nobody answers."""
        pids = self.nginx_workers()
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def refusing(self, backends):
        """Their checks are refused; they serve all the while."""
        for backend in backends:
            backend.call("nft", "-f", self.rules)
        try:
            yield
        finally:
            for backend in backends:
                backend.call("nft", "delete", "table", "inet", "refuse")


def a_host_that_accepts_and_never_answers_is_down_and_told_once(stage):
    with stage.hanging():
        health = stage.wait_state("http", "down")["health"]
        assert health["down_reason"] == "timeout" and TIMEOUT_MS <= health["took_ms"] < 10 * TIMEOUT_MS, health
        stage.wait_failed("http", 6)
        answers = stage.ask(40)
        assert stage.first.name not in answers and len(answers) == 2, answers
        assert stage.told("down", "http") == 1
        shown = stage.cleatd.ctl("backend", "show", "http").stdout
        row = next(line for line in shown.splitlines() if stage.first.address + ":" in line)
        say(shown)
        assert " down " in row and row.endswith("timeout") and health["since"] in row, row
    stage.wait_state("http", "up")
    assert stage.told("up", "http") == 1 and stage.backend("http")["health"]["down_reason"] is None


def a_host_that_flaps_is_told_once_per_change_and_its_falls_are_counted(stage):
    falls, down, up = stage.backend("http")["health"]["falls"], stage.told("down", "http"), stage.told("up", "http")
    for _ in range(3):
        with stage.hanging():
            stage.wait_state("http", "down")
        stage.wait_state("http", "up")
    assert stage.backend("http")["health"]["falls"] == falls + 3
    assert (stage.told("down", "http"), stage.told("up", "http")) == (down + 3, up + 3)


def a_host_that_answers_byte_by_byte_is_down_by_the_timeout_of_the_whole(stage):
    stage.faulty[0].drip()
    health = stage.wait_state("drip", "down")["health"]
    assert health["down_reason"] == "timeout" and TIMEOUT_MS <= health["took_ms"] < 10 * TIMEOUT_MS, health
    stage.wait_failed("drip", 6)
    held = stage.first.call("ss", "-Htn", "state", "established", "sport", "=", f":{HTTP_PORT}").stdout.splitlines()
    assert len(held) <= 1, held
    assert stage.told("down", "drip") == 1
    stage.faulty[0].drip()
    stage.wait_state("drip", "up")


def a_udp_check_tells_silence_and_a_closed_port(stage):
    stage.faulty[0].hang()
    assert stage.wait_state("udp", "down")["health"]["down_reason"] == "timeout"
    stage.wait_failed("udp", 4)
    assert stage.backend("udp-open")["state"] == "up", "silence may be a filter's"
    stage.faulty[0].go_on()
    stage.wait_state("udp", "up")
    stage.faulty[0].kill()
    for pool in ("udp", "udp-open"):
        assert stage.wait_state(pool, "down")["health"]["down_reason"] == "port unreachable"
    stage.faulty[0].start()
    for pool in ("udp", "udp-open"):
        stage.wait_state(pool, "up")
    assert stage.faulty[0].peers() == {"10.20.0.2"}, "the port's own address"


def an_icmp_check_tells_a_host_that_is_silent(stage):
    for pool, key in (("icmp", "ipv4/icmp_echo_ignore_all"), ("icmp6", "ipv6/icmp/echo_ignore_all")):
        stage.first.sh(f"echo 1 > /proc/sys/net/{key}")
        assert stage.wait_state(pool, "down")["health"]["down_reason"] == "timeout"
        stage.first.sh(f"echo 0 > /proc/sys/net/{key}")
        stage.wait_state(pool, "up")
        assert (stage.told("down", pool), stage.told("up", pool)) == (1, 1)


def two_of_three_down_leave_all_to_the_third_unless_the_pool_says_panic(stage):
    with stage.refusing(stage.net.backends[:2]):
        for pool in ("http", "panic"):
            for backend in stage.net.backends[:2]:
                stage.wait_state(pool, "down", backend)
        assert set(stage.ask(40)) == {"backend3"}
        answers = stage.ask(60, PANIC_PORT)
        say(f"panic: 60 connections, {dict(answers)}")
        assert len(answers) == 3
        shown = stage.cleatd.ctl("pool", "show", "panic").stdout
        assert "PANIC in pool panic: 2 of 3 backends are down (threshold 50%): health is ignored" in shown, shown
        assert "health is ignored in pool panic" in stage.cleatd.ctl("status", "show").stdout
        assert stage.logged("panic: health ignored pool=panic down=2 of=3") == 1
    stage.wait_state("panic", "up")
    wait_for(lambda: stage.logged("panic over: health counts again pool=panic") == 1, "the panic to be over")


def with_all_down_all_are_tried(stage):
    with stage.refusing(stage.net.backends):
        for backend in stage.net.backends:
            stage.wait_state("http", "down", backend)
        assert len(stage.ask(60)) == 3
        assert stage.logged("panic: health ignored pool=http down=3 of=3 threshold=auto") == 1
    for pool in ("http", "panic", "slow"):
        stage.cleatd.wait_healthy(pool, 3, DEADLINE_S)
    assert stage.logged("panic over: health counts again pool=http") == 1


def a_host_that_comes_up_takes_a_small_share_and_in_the_end_its_own(stage):
    whole = lambda: all(b["slow_start"] is None for b in stage.cleatd.api.backends("slow").values())  # noqa: E731
    wait_for(whole, "the slow starts of the test before to end", SLOW_START_S + DEADLINE_S)
    with stage.refusing([stage.first]):
        stage.wait_state("slow", "down")
    begin = wait_for(lambda: (seen := stage.backend("slow"))["effective_weight"] > 0 and seen, "its first share", DEADLINE_S)
    since, generation = time.monotonic(), stage.cleatd.api.status()["generation"]
    answers = stage.ask(150, SLOW_PORT)
    took_s, at = time.monotonic() - since, stage.backend("slow")
    say(f"150 connections in the first {took_s:.1f} of {SLOW_START_S} s: {dict(answers)}; weight {begin['effective_weight']}"
        f" to {at['effective_weight']}")
    assert begin["effective_weight"] == begin["slow_start"]["share_percent"] < 50, begin
    if took_s < SLOW_START_S / 2:  # else the machine was too slow for a share to be seen
        assert answers[stage.first.name] <= 35, answers
    assert "slow start, " in stage.cleatd.ctl("backend", "show", "slow").stdout or whole()
    wait_for(whole, "the slow start to end", SLOW_START_S + DEADLINE_S)
    steps, lasted_s = stage.cleatd.api.status()["generation"] - generation, time.monotonic() - since
    say(f"{steps} snapshots in {lasted_s:.1f} s")
    assert steps <= lasted_s + 2, "a snapshot a second at most"
    answers = stage.ask(150, SLOW_PORT)
    assert abs(answers[stage.first.name] - 50) <= 25, answers


TESTS = (a_host_that_accepts_and_never_answers_is_down_and_told_once,
         a_host_that_flaps_is_told_once_per_change_and_its_falls_are_counted,
         a_host_that_answers_byte_by_byte_is_down_by_the_timeout_of_the_whole,
         a_udp_check_tells_silence_and_a_closed_port, an_icmp_check_tells_a_host_that_is_silent,
         two_of_three_down_leave_all_to_the_third_unless_the_pool_says_panic, with_all_down_all_are_tried,
         a_host_that_comes_up_takes_a_small_share_and_in_the_end_its_own)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
