# SPDX-License-Identifier: MIT
"""A link that takes less than 1500 bytes, in the middle of the way, in each mode: ICMP reaches whom it concerns, and no transfer hangs.

    client1 ---outside---+           +---inside--- backends
                         +-- Cleat --+
                         +- router --+
    client behind or server behind --1500-- hop --1340-- router
"""
from staged import run_on_stages, say
import tunnel_end
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.namespace import Namespace
from lab.nginx import BODY_BYTES, WEB_PORT, Nginx
from lab.topology import Host, Topology
from lab.traffic import IPERF_PORT, fetch, iperf, iperf_server, sha256, url
from lab.wait import wait_for

# Not less: an IPv6 packet of 1280 bytes must fit into gue over IPv6.
NARROW, UPLOAD_BYTES = 1340, 8_000_000


MODES = ("nat", "translation", "ipip", "gue")


def cable(host, addresses, other, other_addresses, name, mtu):
    """A link between two hosts, with that MTU at both ends."""
    host.ip(f"link add {name} mtu {mtu} type veth peer name {name}r mtu {mtu} netns {other.full_name}")
    for space, interface, own in ((host, name, addresses), (other, f"{name}r", other_addresses)):
        space.ip(f"link set {interface} up", *(f"address add {a} dev {interface}{' nodad' if ':' in a else ''}" for a in own))


def behind_a_narrow_link(run, net, name):
    """A host far from the router, neither of which sees how narrow the link between them is."""
    hop, host = Namespace(run, "hop"), Host(run, name, "10.98.0.2", "fd98::2")
    hop.forward_packets()
    cable(hop, ("10.97.0.2/24", "fd97::2/64"), net.router, ("10.97.0.1/24", "fd97::1/64"), "narrow", NARROW)
    cable(host, ("10.98.0.2/24", "fd98::2/64"), hop, ("10.98.0.1/24", "fd98::1/64"), "wide", 1500)
    hop.ip("route add default via 10.97.0.1", "route add default via fd97::1")
    host.ip("route add default via 10.98.0.1", "route add default via fd98::1")
    net.router.ip("route add 10.98.0.0/24 via 10.97.0.2", "route add fd98::/64 via fd97::2")
    return host


class NarrowServer:
    """One server, behind a router of the inside network. It carries the VIPs of one-way modes."""

    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, backends=0)
        self.client = self.net.clients[0]
        self.vips = {(mode, family): ("10.10.0.{}" if family == 4 else "fd10::{}").format(120 + 10 * i + family)
                     for i, mode in enumerate(MODES) for family in (4, 6)}
        self.server = behind_a_narrow_link(run, self.net, "server")
        self.server.ip(*(f"address add {vip}/{'128' if ':' in vip else '32'} dev lo{' nodad' if ':' in vip else ''}"
                         for (mode, _), vip in self.vips.items() if mode in ("ipip", "gue")))
        tunnel_end.start(run, self.server)
        self.origin = Nginx(run, self.server)
        iperf_server(run, self.server)
        self.cleatd = Cleatd(run, self.net.balancer, build, self._config()).start()
        self.cleatd.wait_healthy("srs", 1)
        self.cleatd.wait_healthy("srs6", 1)

    def _config(self):
        config = config_for(self.net, api_path(self.run), state_path(self.run))
        outside, inside = config["dataplane"]["ports"]
        inside["gateway"] = ["10.20.0.1", "fd20::1"]
        del outside["gateway"]
        for pool, address in (("srs", self.server.address), ("srs6", self.server.address6)):
            config["pools"][pool]["backends"] = [{"address": address}]
        config["services"] = []
        for (mode, family), vip in self.vips.items():
            pool = "srs" if (family == 4) != (mode == "translation") else "srs6"
            forward = "nat" if mode == "translation" else mode
            config["services"] += [service(f"web-{mode}{family}", vip, "tcp", WEB_PORT, pool, forward),
                                   service(f"tcp-{mode}{family}", vip, "tcp", IPERF_PORT, pool, forward)]
        return config


def to_narrow_server(mode, family):
    def upload(stage):
        # What the kernel learned of the way in an earlier test must not help.
        stage.client.sh("ip route flush cache; ip -6 route flush cache")
        report = iperf(stage.client, stage.vips[mode, family], None, False, False, None, "-n", UPLOAD_BYTES)
        say(f"{report['end']['sum_received']['bits_per_second'] / 1e6:.0f} Mbit/s, "
            f"{report['end']['sum_sent']['retransmits']} retransmissions")
        assert report["end"]["sum_sent"]["bytes"] >= UPLOAD_BYTES
        assert "mtu" in stage.client.call("ip", "route", "get", stage.vips[mode, family]).stdout

    def download(stage):
        got = fetch(stage.client, url(stage.vips[mode, family], "/body"))
        assert got.status == 200 and got.bytes == BODY_BYTES and got.sha256 == sha256(stage.origin.body), got

    upload.__name__ = f"upload_in_{mode}_over_ipv{family}_learns_the_narrow_link_before_the_server"
    download.__name__ = f"download_in_{mode}_over_ipv{family}_from_behind_it"
    return upload, download


# Sends datagrams of that TTL to a port where nobody listens until an ICMP error comes back; prints struct sock_extended_err and the
# offender's address (ip(7), IP_RECVERR). The first answer may be lost to address resolution.
_PROBE = """
import select, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(sys.argv[1]))
s.setsockopt(socket.IPPROTO_IP, 11, 1)
s.connect(("10.10.0.101", 9))
poll = select.poll()
poll.register(s, select.POLLERR)
for _ in range(20):
    try:
        s.send(b"x")
    except OSError:
        pass
    if poll.poll(500):
        break
print(s.recvmsg(100, 500, socket.MSG_ERRQUEUE)[1][0][2].hex())
"""


class NarrowClient:
    """A client behind a narrow link; servers send 1500 bytes until a router tells them, by way of the VIP, that this is too much."""

    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, dsr=True)
        self.client = behind_a_narrow_link(run, self.net, "behind")
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.vips = {("dsr", 4): self.net.vip, ("dsr", 6): self.net.vip6, ("nat", 4): "10.10.0.101", ("nat", 6): "fd10::101",
                     ("translation", 4): "10.10.0.102", ("translation", 6): "fd10::102"}
        config = config_for(self.net, api_path(run), state_path(run))
        config["services"] = [
            service(f"web-{mode}{family}", vip, "tcp", WEB_PORT,
                    "srs" if (family == 4) != (mode == "translation") else "srs6",
                    "nat" if mode == "translation" else mode) for (mode, family), vip in self.vips.items()]
        config["services"].append(service("closed", self.vips["nat", 4], "udp", 9, "srs"))
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)
        self.cleatd.wait_healthy("srs6", 3)

    def relayed(self):
        return sum(worker["icmp_relayed"] for worker in self.cleatd.api.get("/v1/stats")["workers"])


def to_narrow_client(mode, family):
    def download(stage):
        for backend in stage.net.backends:  # a server remembers what it was told of the LIP, in another mode too
            for version in ("-4", "-6"):
                backend.call("ip", version, "route", "flush", "cache")
        before = stage.relayed()
        got = fetch(stage.client, url(stage.vips[mode, family], "/body"))
        assert got.status == 200 and got.bytes == BODY_BYTES and got.sha256 == sha256(stage.origins[0].body), got
        wait_for(lambda: stage.relayed() > before, "an ICMP error to be passed on")
        say(f"{stage.relayed() - before} ICMP errors passed on")

    download.__name__ = f"download_in_{mode}_over_ipv{family}_learns_the_narrow_link_before_the_client"
    return download


def a_traceroute_sees_the_vip_and_a_closed_port_of_the_server_is_told(stage):
    """TTL 1 is used up at Cleat; nobody listens on that port of nginx's host."""
    seen = {ttl: stage.net.clients[0].call("python3", "-c", _PROBE, ttl).stdout.split() for ttl in (1, 64)}
    say(seen)
    # errno 4, origin 1 (2: ICMP), type 1, code 1 ...; the offender's sockaddr_in from 16.
    for ttl, icmp_type, code in ((1, 11, 0), (64, 3, 3)):
        error = bytes.fromhex(seen[ttl][0])
        assert error[4:7] == bytes([2, icmp_type, code]) and error[20:24] == bytes([10, 10, 0, 101]), seen


if __name__ == "__main__":
    run_on_stages((NarrowServer, [test for mode in MODES for family in (4, 6)
                                  for test in to_narrow_server(mode, family)]),
                  (NarrowClient, [to_narrow_client(mode, family) for mode in ("nat", "translation", "dsr") for family in (4, 6)] +
                   [a_traceroute_sees_the_vip_and_a_closed_port_of_the_server_is_told]))
