# SPDX-License-Identifier: MIT
"""cleatd and a plain DPDK forwarder on the same devices: net_pcap brings the same frames for ever, and nothing leaves the process.

    outside  net_pcap0, rx_pcap of the clients' datagrams, infinite_rx=1
    inside   net_null0 without frames of its own; with both ways net_pcap1, rx_pcap of the servers' answers, infinite_rx=1

Needs no kernel interface, no root and no huge pages.
"""
import json
import os
import time
from pathlib import Path
from typing import NamedTuple

from .captures import address, clients, read_ends, write_capture
from .child import Child
from .cleat import Cleatd, api_path, state_path
from .wait import wait_for

VIP, PORT = "10.10.0.100", 8000
BACKENDS = [f"10.20.0.{11 + i}" for i in range(8)]
OUTSIDE_MAC, INSIDE_MAC, PEER_MAC = "02:70:63:61:70:00", "02:70:63:61:70:01", "02:00:00:00:00:fe"
_FIRST_LIP = 100  # of 10.20.0.0/24
_LOCAL_PORTS = 64512  # of a LIP
_LEAST_BUFFERS = 8191
_DEADLINE_S = 120
_WORKER = "-worker-1"  # so DPDK's name of the first worker's thread ends


class Sample(NamedTuple):
    """Totals at one moment. cpu_ns: the time that the worker's thread had on its core."""
    at_ns: int
    cpu_ns: int
    received: int
    sent: int


class Traffic:
    """Captures of one datagram for each flow, in random order: the clients', and their servers' answers."""

    def __init__(self, run, flows, frame_bytes):
        self.flows, self.frame_bytes = flows, frame_bytes
        self.ends = clients(flows, VIP, PORT)
        self.requests, self.answers = run.path("requests.pcap"), run.path("answers.pcap")
        write_capture(self.requests, PEER_MAC, OUTSIDE_MAC, self.ends, frame_bytes)

    def answer(self, forwarded):
        """forwarded: the ends of all datagrams as they reached the servers"""
        write_capture(self.answers, PEER_MAC, INSIDE_MAC, [ends.back() for ends in forwarded], self.frame_bytes)

    def endless(self, both_ways=False):
        """[(device, buffers)] of both ports."""
        def device(number, capture):  # net_pcap keeps a buffer for each frame
            return f"net_pcap{number},rx_pcap={capture},infinite_rx=1", self.flows + _LEAST_BUFFERS
        return [device(0, self.requests), device(1, self.answers) if both_ways else ("net_null0,no-rx=1", _LEAST_BUFFERS)]

    def once(self, out):
        """Likewise: each client's datagram one time, and what leaves inside goes into the capture `out`."""
        return [(f"net_pcap0,rx_pcap={self.requests}", _LEAST_BUFFERS), (f"net_pcap1,tx_pcap={out}", _LEAST_BUFFERS)]


def wires(run, role):
    """Ports of one end of two memif connections: server for what forwards, client for who sends and receives."""
    return [(f"net_memif{number},role={role},socket={run.shm / f'memif-{number}'},socket-abstract=no,rsize=12,mac={mac}",
             _LEAST_BUFFERS) for number, mac in enumerate((OUTSIDE_MAC, INSIDE_MAC))]


def words_of(ports):
    """Ports as programs of tools/bench_ports.h take them."""
    return [f"{buffers}:{device}" for device, buffers in ports]


class Subject:
    """What forwards, while it runs: `with subject: ...`. Its worker has the last cpu that we may use, all else the others."""
    child = None

    def pin(self):
        own, others = cpus()
        for thread, name in _threads(self.child.pid):
            os.sched_setaffinity(thread, own if name.endswith(_WORKER) else others)

    def worker(self):
        """Its thread id."""
        return next(thread for thread, name in _threads(self.child.pid) if name.endswith(_WORKER))

    def sample(self):
        cpu_ns = int(Path(f"/proc/{self.child.pid}/task/{self.worker()}/schedstat").read_text().split()[0])
        return Sample(time.monotonic_ns(), cpu_ns, *self.totals())

    def warm_up(self, frames):
        self.child.wait_until(lambda: self.totals()[1] >= frames, f"it had sent {frames} frames", _DEADLINE_S)


class Plain(Subject):
    """tools/bench_forwarder.cc"""

    def __init__(self, run, build, ports):
        self._run = run
        self._words = [Path(build) / "tools" / "bench-forwarder", *words_of(ports)]

    def __enter__(self):
        self.child = Child(self._run, "bench-forwarder", self._words, talks=True)
        self.child.ask(deadline_s=_DEADLINE_S)
        self.pin()
        return self

    def __exit__(self, *_):
        self.child.stop()

    def totals(self):
        return tuple(map(int, self.child.ask(deadline_s=_DEADLINE_S).split()))

    def faults(self):
        return {}


class Cleat(Subject):
    """forward: nat, dsr. All of a run with the same one have the same state."""

    def __init__(self, run, build, traffic, ports, forward):
        self._traffic = traffic
        self._cleatd = Cleatd(run, None, build, json.dumps(_config(run, traffic.flows, ports, forward)), log_level="warning")

    @property
    def api(self):
        return self._cleatd.api

    def __enter__(self):
        self.child = self._cleatd.start(_DEADLINE_S).child
        self.pin()
        return self

    def __exit__(self, *_):
        self._cleatd.stop()

    def totals(self):
        ports = self.api.stats()["ports"]
        return sum(p["rx_packets"] for p in ports), sum(p["tx_packets"] for p in ports)

    def warm_up(self, frames):
        super().warm_up(frames)
        self.child.wait_until(lambda: self._flows() >= self._traffic.flows, "all flows were open", _DEADLINE_S)

    def faults(self):
        """What must not be: {drop reason: packets}, and flows that are too many or too few."""
        off = self._flows() - self._traffic.flows
        return {**self.api.drops(), **({"flows": off} if off else {})}

    def has_done(self, frames):
        return self.totals()[0] >= frames and not self.api.unaccounted()

    def _flows(self):
        return self.api.service("media")["flows_open"]


def first_pass(run, build, traffic, forward):
    """Each client's datagram once through cleatd, which has the flow from then on. Every one of them is looked at as it comes out.
    Returns their ends, in the clients' order. RuntimeError if one is lost or wrong.
    """
    out = run.path("forwarded.pcap")
    with Cleat(run, build, traffic, traffic.once(out), forward) as cleat:
        cleat.child.wait_until(lambda: cleat.has_done(traffic.flows), "all frames had their verdict", _DEADLINE_S)
        faults = cleat.faults()
    forwarded = read_ends(out)
    wrong = sum(not _is_right(forward, *pair) for pair in zip(traffic.ends, forwarded))
    twice = len(forwarded) - len({(ends.source, ends.source_port) for ends in forwarded})
    if faults or wrong or twice or len(forwarded) != traffic.flows:
        raise RuntimeError(f"{forward}: of {traffic.flows} frames {len(forwarded)} came out, {wrong} wrong, {twice} as another's; "
                           f"{faults or 'no drops'}")
    return forwarded


def _is_right(forward, sent, forwarded):
    if forward == "dsr":
        return forwarded == sent
    lips = range(address("10.20.0.0") + _FIRST_LIP, address("10.20.0.255"))
    servers = range(address(BACKENDS[0]), address(BACKENDS[-1]) + 1)
    return (forwarded.source in lips and forwarded.source_port >= 1024 and forwarded.destination in servers and
            forwarded.destination_port == PORT)


def measure(subject, flows, seconds):
    """Two samples so many seconds apart, once each flow has had two frames. RuntimeError if a frame was lost or a flow missing."""
    with subject:
        subject.warm_up(2 * flows)
        before = subject.sample()
        time.sleep(seconds)
        after = subject.sample()
        faults = subject.faults()
    lost = (after.received - before.received) - (after.sent - before.sent)
    # Totals are read while the worker counts on.
    if faults or abs(lost) > (after.received - before.received) / 100:
        raise RuntimeError(f"not all was forwarded: {faults}, {lost} frames fewer sent than received between two looks")
    return before, after


def _config(run, flows, ports, forward):
    """As JSON, which is YAML."""
    (outside, outside_buffers), (inside, inside_buffers) = ports
    lips = range(_FIRST_LIP, _FIRST_LIP + flows * 3 // 2 // _LOCAL_PORTS + 2)
    return {
        "dataplane": {
            "workers": 1, "state": str(state_path(run, forward)), "punt": False, "flows_v4": max(1024, flows * 25 // 16),
            "flows_wide": 1024, "sessions": 1024,
            "ports": [
                {"name": "outside", "device": outside, "buffers": outside_buffers, "address": "10.10.0.2/24",
                 "gateway": "10.10.0.1", "neighbours": [{"address": "10.10.0.1", "mac": PEER_MAC}]},
                {"name": "inside", "device": inside, "buffers": inside_buffers, "address": "10.20.0.2/24",
                 "neighbours": [{"address": server, "mac": PEER_MAC} for server in BACKENDS]}]},
        "nat": {"addresses": [f"10.20.0.{lip}" for lip in lips], "timeouts": {"unanswered_udp": "1h"}},
        "pools": {"servers": {"backends": BACKENDS}},
        "services": [{"name": "media", "vip": VIP, "protocol": "udp", "port": PORT, "pool": "servers", "forward": forward,
                      "idle_timeout": "4h"}],
        "api": {"listen": f"unix:{api_path(run)}"}}


def cpus():
    """Those of the worker, and those of all else."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1:], allowed[:-1] or allowed


def _threads(pid):
    """[(thread id, name)]"""
    return [(int(folder.name), (folder / "comm").read_text().strip()) for folder in Path(f"/proc/{pid}/task").iterdir()]
