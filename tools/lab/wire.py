# SPDX-License-Identifier: MIT
"""A bad cable between a host and its switch: frames are overtaken by younger ones, come twice, or not at all.

Imported, it lays the cable; as a program it is what runs in the switch's namespace, between two of its interfaces.
"""
import heapq
import json
import os
import random
import select
import socket
import sys
import time
from pathlib import Path

from . import link
from .child import Child

_ETH_P_ALL = 3
# linux/if_packet.h, asm-generic/socket.h; Python has no names for them.
_SOL_PACKET, _PACKET_IGNORE_OUTGOING, _SO_RCVBUFFORCE = 263, 23, 33
_RECEIVE_BYTES = 16 << 20


class Wire:
    """host     has its cable, eth0, in `switch` already; while `with` lasts it is a bad one
    late, twice, lost  each the part of all frames, of either direction, 0..1
    late_ms     by how much those are late, at most
    """

    def __init__(self, run, switch, host, late=0.0, late_ms=5, twice=0.0, lost=0.0, seed=1):
        self._run, self._switch, self._host = run, switch, host
        self._words = (late, late_ms, twice, lost, seed)
        self._child = None

    def __enter__(self):
        space, port = self._switch.space, self._host.name
        space.ip(f"link set {port} nomaster", f"link add far-{port} type veth peer name near-{port}",
                 f"link set near-{port} master br0", f"link set near-{port} up", f"link set far-{port} up")
        for where, interface in ((self._host, "eth0"), (space, port), (space, f"near-{port}"), (space, f"far-{port}")):
            link.offloads_off(where, interface)
        self._child = Child(self._run, f"wire-{port}-{len(self._run.pids)}",
                            [sys.executable, "-B", "-m", "lab.wire", port, f"far-{port}", *self._words], space, talks=True,
                            environment={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])})
        self.frames()
        return self

    def __exit__(self, *_):
        self._child.stop()
        self._switch.space.ip(f"link delete far-{self._host.name}", f"link set {self._host.name} master br0")

    def frames(self):
        """{"passed": how many so far, "late": of them, "twice": of them, "lost": beside them}"""
        return json.loads(self._child.ask())


class _Cable:
    def __init__(self, late, late_ms, twice, lost, seed):
        self._late, self._late_s, self._twice, self._lost = late, late_ms / 1000, twice, lost
        self._random = random.Random(seed)
        self._waiting, self._number = [], 0  # heap of (due, number, where to, frame)
        self.counts = dict.fromkeys(("passed", "late", "twice", "lost"), 0)

    def take(self, frame, out):
        if self._random.random() < self._lost:
            self.counts["lost"] += 1
            return
        self.counts["passed"] += 1
        if self._random.random() < self._twice:
            self.counts["twice"] += 1
            self._hold(frame, out)
        if self._random.random() < self._late:
            self.counts["late"] += 1
            self._hold(frame, out)
        else:
            _send(out, frame)

    def _hold(self, frame, out):
        self._number += 1
        due = time.monotonic() + self._random.uniform(0, self._late_s)
        heapq.heappush(self._waiting, (due, self._number, out, frame))

    def let_go(self):
        """Sends what is due. Returns the seconds until more is, or None."""
        while self._waiting:
            wait_s = self._waiting[0][0] - time.monotonic()
            if wait_s > 0:
                return wait_s
            _, _, out, frame = heapq.heappop(self._waiting)
            _send(out, frame)
        return None


def _send(out, frame):
    try:
        out.send(frame)
    except OSError:  # its queue is full, or the interface goes: a cable tells nobody
        pass


def _end(interface):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    end.bind((interface, 0))
    end.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    end.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BYTES)
    end.setblocking(False)
    return end


def main():
    ends = [_end(name) for name in sys.argv[1:3]]
    cable = _Cable(*map(float, sys.argv[3:]))
    others = {ends[0].fileno(): ends, ends[1].fileno(): ends[::-1]}
    poll = select.poll()
    for source in (*ends, sys.stdin):
        poll.register(source, select.POLLIN)
    while True:
        wait_s = cable.let_go()
        for number, _ in poll.poll(None if wait_s is None else max(1, wait_s * 1000)):
            if number == sys.stdin.fileno():
                if not sys.stdin.readline():
                    return
                print(json.dumps(cable.counts), flush=True)
                continue
            source, out = others[number]
            try:
                cable.take(source.recv(65535), out)
            except BlockingIOError:
                pass


if __name__ == "__main__":
    main()
