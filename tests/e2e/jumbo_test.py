# SPDX-License-Identifier: MIT
"""Frames larger than 1,514 bytes: whole datagrams of nearly the MTU there and back, unfragmented, by either driver.

cleatd sets the MTU that its configuration says; the lab sets the others.
"""
from staged import run_on_stages, say
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology

PORT = 7000

_ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", int(sys.argv[1])))
print("listening", flush=True)
while True:
    data, peer = s.recvfrom(65535)
    s.sendto(data, peer)
"""
# Sends datagrams that must not be fragmented (ip(7), ipv6(7)), and wants each back, byte for byte.
_ASK = """
import os, socket, sys
address, port, size, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
v6 = ":" in address
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(*((socket.IPPROTO_IPV6, 23, 2) if v6 else (socket.IPPROTO_IP, 10, 2)))
s.settimeout(2)
s.connect((address, port))
back = 0
for _ in range(count):
    data = os.urandom(size)
    s.send(data)
    try:
        back += s.recv(65535) == data
    except TimeoutError:
        pass
print(back)
"""


class _Stage:
    """driver, mtu, size (of the datagrams): below"""

    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, backends=1)
        self._widen()
        self.echo = Child(run, "echo", ["python3", "-c", _ECHO, PORT], self.net.backends[0])
        self.echo.wait_until(lambda: "listening" in self.echo.log(), "it listens")
        config = config_for(self.net, api_path(run), state_path(run), workers=1, driver=self.driver)
        for port in config["dataplane"]["ports"]:
            port["mtu"] = self.mtu
        config["pools"] = {"near": {"backends": [self.net.backends[0].address]},
                           "near6": {"backends": [self.net.backends[0].address6]}}
        config["services"] = [service("echo", self.net.vip, "udp", PORT, "near"),
                              service("echo6", self.net.vip6, "udp", PORT, "near6")]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()

    def _widen(self):
        """All but Cleat's own interfaces."""
        for switch, ports in ((self.net.outside.space, ("balancer-eth1", "client1")),
                              (self.net.inside.space, ("balancer-eth2", "backend1"))):
            switch.ip(*(f"link set {port} mtu {self.mtu}" for port in ports), f"link set br0 mtu {self.mtu}")
        for host in (self.net.clients[0], self.net.backends[0]):
            host.ip(f"link set eth0 mtu {self.mtu}")

    def back(self, vip, size, count=50):
        done = self.net.clients[0].call("python3", "-c", _ASK, vip, PORT, size, count, timeout_s=120)
        return int(done.stdout)


class AfPacket(_Stage):
    driver, mtu, size = "packet", 9000, 8900


class AfXdp(_Stage):
    driver, mtu, size = "veth", 3400, 3300


def large_datagrams_come_back_whole(stage):
    for vip in (stage.net.vip, stage.net.vip6):
        stage.back(vip, 100, 1)  # neighbours get to know each other
        assert stage.back(vip, stage.size) == 50, (vip, stage.cleatd.api.drops())
    ports = stage.cleatd.api.get("/v1/ports")["ports"]
    say([(p["port"], p["driver"], p["mtu"], p["link"]) for p in ports])
    assert {p["mtu"] for p in ports} == {stage.mtu}
    assert {p["driver"] for p in ports} == {{"packet": "net_af_packet", "veth": "net_af_xdp"}[stage.driver]}


def the_kernels_own_traffic_stays_within_1500_bytes(stage):
    """DPDK's driver of the punt tap takes no more: the tap's MTU says so, and with it the kernel's MSS."""
    assert "mtu 1500" in stage.net.balancer.call("ip", "link", "show", "cleat-outside").stdout
    assert "1 received" in stage.net.clients[0].call("ping", "-c", 1, "-s", 1472, "-W", 5, "10.10.0.2").stdout


def a_cable_that_is_pulled_is_shown_and_logged_once(stage):
    def link():
        return stage.cleatd.api.get("/v1/ports")["ports"][0]["link"]

    def said(what):
        return stage.cleatd.child.log().count(f"link {what} port=outside")
    assert link() == "up" and not said("down")
    stage.net.outside.space.ip("link set balancer-eth1 down")
    stage.cleatd.child.wait_until(lambda: link() == "down" and said("down"), "the link is down")
    table = stage.cleatd.ctl("port", "show").stdout
    say(table)
    assert "down" in table
    stage.net.outside.space.ip("link set balancer-eth1 up")
    stage.cleatd.child.wait_until(lambda: link() == "up" and said("up"), "the link is up")
    assert said("down") == said("up") == 1


def more_than_af_xdp_takes_is_af_packets_and_the_log_says_so(stage):
    assert stage.cleatd.stop() == 0
    config = stage.cleatd.config_path.read_text()
    stage.cleatd.write(config.replace(f"mtu: {stage.mtu}", "mtu: 3500"))
    stage.cleatd.start()
    line = next(row for row in stage.cleatd.child.log().splitlines() if "port on slower driver" in row)
    say(line)
    assert "af_xdp takes an MTU of at most" in line and "driver=net_af_packet" in line
    assert stage.cleatd.stop() == 0


if __name__ == "__main__":
    run_on_stages((AfPacket, (large_datagrams_come_back_whole, the_kernels_own_traffic_stays_within_1500_bytes,
                              a_cable_that_is_pulled_is_shown_and_logged_once)),
                  (AfXdp, (large_datagrams_come_back_whole, the_kernels_own_traffic_stays_within_1500_bytes,
                           more_than_af_xdp_takes_is_af_packets_and_the_log_says_so)))
