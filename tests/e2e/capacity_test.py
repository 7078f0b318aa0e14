# SPDX-License-Identifier: MIT
"""How much the LIPs carry: 20,000 connections through four of them within a minute, either side closing first; and what happens when
there are too few.
"""
import sys
import time

from staged import run_on_stages, say
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT, Flows, FlowServer
from lab.topology import Topology
from lab.wait import wait_for

COUNT, RATE, WITHIN_S = 5000, 240, 60  # of each of four clients
LOCAL_PORTS = 64512
ECHO_PORT, IDLE_S = 7000, 5

_ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)
s.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True: s.sendto(*s.recvfrom(2048))
"""
# A datagram each from so many addresses of 10.99.0.0/16, and how many of them had their echo.
_MANY = """
import select, socket, sys, time
vip, port, first, count, rate = sys.argv[1], *map(int, sys.argv[2:])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)
s.bind(("0.0.0.0", 40000))
s.setblocking(False)
echoes, begun = set(), time.monotonic()
def hear():
    while True:
        try: echoes.add(s.recv(64))
        except BlockingIOError: return
for i in range(first, first + count):
    source = bytes(4) + bytes([10, 99, i >> 8, i & 255]) + bytes(4)  # struct in_pktinfo
    while True:
        try:
            s.sendmsg([b"%d" % i], [(socket.IPPROTO_IP, 8, source)], 0, (vip, port))
            break
        except BlockingIOError: hear()
    if i % 64 == 0:
        hear()
        time.sleep(max(0, begun + (i - first) / rate - time.monotonic()))
until = time.monotonic() + 2
while time.monotonic() < until and len(echoes) < count:
    select.select([s], [], [], 0.1)
    hear()
print(len(echoes))
"""


class FourLips:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, clients=4)
        self.servers = [FlowServer(run, backend) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run), health={"tcp": True, "port": PORT, "interval": "1s"})
        config["services"] = [service("flows", self.net.vip, "tcp", PORT, "srs")]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)


def twenty_thousand_connections_end_well_within_a_minute(stage):
    began = time.monotonic()
    opened = [Flows(stage.run, client, stage.net.vip, COUNT, RATE, closes, name=f"many-{i}")
              for i, (client, closes) in enumerate(zip(stage.net.clients, ("client", "server") * 2))]
    reports = [each.report(10 * WITHIN_S) for each in opened]
    took_s = time.monotonic() - began
    failures = [failure for report in reports for failure in report.failures]
    say(f"{sum(report.flows for report in reports)} connections in {took_s:.1f} s (wanted: {WITHIN_S}), {len(failures)} failures, "
        f"drops {stage.cleatd.api.drops()}")
    assert not failures and all(report.flows == COUNT for report in reports), failures[:5]
    assert took_s < 10 * WITHIN_S


class OneLip:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, clients=1, backends=1)
        server = self.net.backends[0]
        child = Child(run, "echo", [sys.executable, "-c", _ECHO, server.address, ECHO_PORT], server)
        child.wait_until(lambda: "ready" in child.log(), "it was ready")
        config = config_for(self.net, api_path(run), state_path(run))
        del config["pools"]["srs"]["health"]
        config["services"] = [{**service("echo", self.net.vip, "udp", ECHO_PORT, "srs"), "idle_timeout": f"{IDLE_S}s"}]
        config["pools"] = {"srs": config["pools"]["srs"]}
        config["nat"] = {"addresses": ["10.20.0.100"]}
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()

    def echoed(self, first, count, rate=8000):
        return int(self.net.crowd.call(sys.executable, "-c", _MANY, self.net.vip, ECHO_PORT, first, count, rate).stdout)

    def open(self):
        return self.cleatd.api.service("echo")["flows_open"]


def more_flows_than_ports_are_dropped_by_name_and_no_open_one_suffers(stage):
    assert stage.echoed(0, 100) == 100
    count = LOCAL_PORTS + 1000
    echoed = stage.echoed(0, count, 20_000)
    drops = stage.cleatd.api.drops()
    say(f"{count} flows, {echoed} echoed, {stage.open()} open, drops {drops}")
    assert drops.get("lip_ports_exhausted", 0) > 0, drops
    # All of them come in at one worker, which has its share of the ports.
    assert LOCAL_PORTS // 4 < stage.open() <= LOCAL_PORTS, stage.open()
    assert stage.echoed(0, 100) == 100, "they were open before"


def new_flows_find_ports_again_by_themselves(stage):
    wait_for(lambda: stage.open() == 0, lambda: f"the flows to end, {stage.open()} have not", 10 * IDLE_S)
    before = stage.cleatd.api.drops().get("lip_ports_exhausted", 0)
    assert stage.echoed(1000, 1000) == 1000
    assert stage.cleatd.api.drops().get("lip_ports_exhausted", 0) == before


if __name__ == "__main__":
    run_on_stages((FourLips, [twenty_thousand_connections_end_well_within_a_minute]),
                  (OneLip, [more_flows_than_ports_are_dropped_by_name_and_no_open_one_suffers,
                            new_flows_find_ports_again_by_themselves]))
