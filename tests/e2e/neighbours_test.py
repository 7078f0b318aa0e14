# SPDX-License-Identifier: MIT
"""Cleat as a host among hosts: real kernels resolve and ping its VIPs and LIPs, its own address is its kernel's, next
hops that are silent are named, and what is not on a link goes by the gateway.
"""
import sys
import time

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT, Flows, FlowServer
from lab.topology import Topology
from lab.wait import wait_for

FORGED_MAC = "02:00:00:00:00:99"
LIP, LIP6 = "10.20.0.100", "fd20::100"
DEAD_VIP, FAR_VIP, READ_VIP = "10.10.0.110", "10.10.0.120", "10.10.0.130"
_CONNECT = """
import socket, sys, time
began = time.monotonic()
socket.create_connection((sys.argv[2], int(sys.argv[3])), 10, (sys.argv[1], 0))
print((time.monotonic() - began) * 1000)
"""


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, backends=1)
        self.client, self.backend = self.net.clients[0], self.net.backends[0]
        self.servers = [FlowServer(run, space) for space in (self.backend, self.net.balancer, self.net.crowd)]
        config = config_for(self.net, api_path(run), state_path(run))
        config["pools"] = {"near": {"backends": [self.backend.address]}, "near6": {"backends": [self.backend.address6]},
                           "dead": {"backends": ["10.20.0.77"]}, "far": {"backends": ["10.99.0.5"]}}
        config["services"] = [service(pool, vip, "tcp", PORT, pool) for pool, vip in
                              (("near", self.net.vip), ("near6", self.net.vip6), ("dead", DEAD_VIP), ("far", FAR_VIP))]
        config["services"].append(service("read", READ_VIP, "tcp", PORT, "near", affinity="stream"))
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()

    def mac(self, interface):
        return self.net.balancer.call("cat", f"/sys/class/net/{interface}/address").stdout.strip()

    def pinged(self, space, address, mac=None):
        """Three of three echo requests are answered, after a resolution from nothing; `mac` is what was resolved."""
        space.ip("neigh flush all")
        done = space.call("ping", "-c", 3, "-i", 0.2, "-W", 2, address, check=False)
        assert " 3 received" in done.stdout, done.stdout
        if mac:
            assert neighbour(space, address) == mac, (neighbour(space, address), mac)

    def drop(self, reason):
        return self.cleatd.api.drops().get(reason, 0)

    def carries(self, space, address, count=20):
        report = Flows(self.run, space, address, count, 100, name=f"to-{address}").report()
        say(f"{address}: {report.flows} flows, by server {dict(report.servers)}")
        assert report.flows == count and not report.failures, report.failures[:3]
        return set(report.servers)


def neighbour(space, address):
    words = space.call("ip", "neigh", "show", address).stdout.split()
    return words[words.index("lladdr") + 1] if "lladdr" in words else None


def a_client_resolves_and_pings_the_vip(stage):
    stage.pinged(stage.client, stage.net.vip, stage.mac("eth1"))


def a_client_resolves_and_pings_the_vip_over_ipv6(stage):
    stage.pinged(stage.client, stage.net.vip6, stage.mac("eth1"))


def a_backend_resolves_and_pings_a_lip(stage):
    stage.pinged(stage.backend, LIP, stage.mac("eth2"))


def a_backend_resolves_and_pings_a_lip_over_ipv6(stage):
    stage.pinged(stage.backend, LIP6, stage.mac("eth2"))


def a_distant_host_pings_the_vip_through_the_gateway(stage):
    done = stage.net.crowd.call("ping", "-c", 2, "-i", 0.2, "-W", 2, "-I", "10.99.0.7", stage.net.vip, check=False)
    assert " 2 received" in done.stdout, done.stdout


def the_ports_own_addresses_are_the_kernels(stage):
    """Punted both ways by the tap."""
    for space, addresses in ((stage.client, ("10.10.0.2", "fd10::2")), (stage.backend, ("10.20.0.2", "fd20::2"))):
        for address in addresses:
            stage.pinged(space, address)
            assert stage.carries(space, address) == {"balancer"}


def the_kernel_behind_reaches_hosts_on_links_and_beyond(stage):
    for address in ("10.10.0.21", "10.20.0.11", "fd20::11", "10.99.0.9"):
        stage.pinged(stage.net.balancer, address)


def hosts_learn_at_the_start_where_the_addresses_are_now(stage):
    """Gratuitous ARP and unsolicited advertisements: what hosts believed is put right."""
    wrong = [(stage.client, stage.net.vip, "eth1"), (stage.client, stage.net.vip6, "eth1"),
             (stage.backend, LIP, "eth2"), (stage.backend, LIP6, "eth2")]
    stage.cleatd.stop()
    for space, address, _ in wrong:
        space.ip(f"neigh replace {address} lladdr {FORGED_MAC} dev eth0 nud stale")
    time.sleep(1.1)  # a kernel does not believe twice within a second (locktime)
    stage.cleatd.start()
    for space, address, interface in wrong:
        wait_for(lambda: neighbour(space, address) == stage.mac(interface), f"{space.name} to learn {address}", 10)


def a_service_on_the_link_is_carried(stage):
    assert stage.carries(stage.client, stage.net.vip) == {"backend1"}
    assert stage.carries(stage.client, stage.net.vip6) == {"backend1"}


def what_cleat_itself_answers_waits_for_the_clients_address(stage):
    """It has never heard of that client: a SYN-ACK that is lost costs a second."""
    stage.client.ip("address add 10.10.0.78/24 dev eth0")
    took = float(stage.client.call(sys.executable, "-c", _CONNECT, "10.10.0.78", READ_VIP, PORT).stdout)
    say(f"connected after {took:.0f} ms")
    assert took < 900, took


def a_backend_behind_the_gateway_is_reached(stage):
    assert stage.carries(stage.client, FAR_VIP) == {"crowd"}


def packets_to_a_silent_next_hop_are_dropped_by_name(stage):
    before = stage.drop("next_hop_unresolved")
    done = stage.client.call("curl", "-s", "--noproxy", "*", "-m", 4, f"http://{DEAD_VIP}:{PORT}/", check=False)
    assert done.returncode != 0
    wait_for(lambda: stage.drop("next_hop_unresolved") > before, "next_hop_unresolved to be counted", 10)
    rows = stage.cleatd.api.get("/v1/neighbours")["neighbours"]
    dead = next(r for r in rows if r["address"] == "10.20.0.77")
    assert dead["mac"] is None, dead
    assert stage.carries(stage.client, stage.net.vip) == {"backend1"}, "others do not suffer from it"


TESTS = (a_client_resolves_and_pings_the_vip, a_client_resolves_and_pings_the_vip_over_ipv6,
         a_backend_resolves_and_pings_a_lip, a_backend_resolves_and_pings_a_lip_over_ipv6,
         a_distant_host_pings_the_vip_through_the_gateway, the_ports_own_addresses_are_the_kernels,
         the_kernel_behind_reaches_hosts_on_links_and_beyond, hosts_learn_at_the_start_where_the_addresses_are_now,
         a_service_on_the_link_is_carried, what_cleat_itself_answers_waits_for_the_clients_address,
         a_backend_behind_the_gateway_is_reached, packets_to_a_silent_next_hop_are_dropped_by_name)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
