# SPDX-License-Identifier: MIT
"""Ports by PCI address: a cleatd in a virtual machine drives two emulated NICs through vfio, on huge pages, with an IOMMU.

    client1 --outside--+-- balancer: bridge - tap1 =[ 0000:00:10.0          ]
                       |                            [  guest, only cleatd   ]
    backends --inside--+-- balancer: bridge - tap2 =[ 0000:00:11.0          ]

Nothing of the guest is reached but by its ports: also its API, on the address of the port inside, by the punt tap.
"""
import json

from staged import run_on_stages, say
import guest
from lab.config import config_for, to_yaml
from lab.link import offloads_off
from lab.nginx import BODY_BYTES, Nginx
from lab.topology import Topology
from lab.traffic import fetch, iperf, iperf_server, sha256, url
from lab.wait import wait_for

API = "10.20.0.2:9801"
TOKEN = "0123456789abcdef0123456789abcdef"
BOOT_S = 240  # without KVM


class _Stage:
    model = None
    queues = 1  # of each NIC, and workers

    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, backends=2)
        balancer = self.net.balancer
        for number in (1, 2):
            balancer.ip(f"tuntap add dev tap{number} mode tap{' multi_queue' * (self.queues > 1)}",
                        f"link add br{number} type bridge forward_delay 0 mcast_snooping 0",
                        f"link set br{number} addrgenmode none", f"link set tap{number} addrgenmode none",
                        f"link set tap{number} master br{number}", f"link set eth{number} master br{number}",
                        f"link set tap{number} up", f"link set br{number} up")
            offloads_off(balancer, f"tap{number}")
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.server = iperf_server(run, self.net.backends[0])
        self.guest = guest.Guest(run, balancer, build, {"tap1": self.model, "tap2": self.model},
                                 {"/etc/cleat.yaml": to_yaml(self._config()), "/etc/token": TOKEN + "\n"}, self.queues)
        self.guest.says("event=ready| ready ", BOOT_S)

    def _config(self):
        config = config_for(self.net, "/run/api.sock", "/dev/shm/cleat", workers=self.queues)
        for port, address in zip(config["dataplane"]["ports"], ("0000:00:10.0", "00:11.0")):
            port["device"] = address
        config["dataplane"].update(flows_v4=4096, flows_wide=4096, sessions=1024)
        config["api"]["tcp"] = {"listen": API, "token_file": "/etc/token"}
        for pool in ("srs", "srs6"):
            config["pools"][pool]["backends"] = config["pools"][pool]["backends"][:1 if pool == "srs6" else 2]
        config["services"] = [s for s in config["services"] if s["name"] in ("web", "web6", "iperf-udp", "iperf")]
        return config

    def get(self, path):
        """The guest's API, asked by a backend."""
        done = self.net.backends[1].call("curl", "-sSf", "--noproxy", "*", "-m", 5, "-H", f"Authorization: Bearer {TOKEN}",
                                         f"http://{API}{path}")
        return json.loads(done.stdout)

    def findings(self, when):
        match = self.guest.says(rf"^GUEST begin {when}\n(?s:(.*?))\nGUEST end {when} (\d)$", BOOT_S)
        line = next(row for row in match[1].splitlines() if row.startswith("{"))
        return json.loads(line)["findings"], int(match[2])

    def healthy(self):
        backends = self.get("/v1/pools/srs")["backends"]
        return all(b["state"] == "up" for b in backends)


class VirtioNet(_Stage):
    model = "virtio-net-pci"


class VirtioTwoQueues(_Stage):
    model, queues = "virtio-net-pci", 2


class E1000e(_Stage):
    model = "e1000e"


def the_check_says_what_binds_the_devices(stage):
    findings, code = stage.findings("unbound")
    unbound = [f for f in findings if "vfio-pci" in f["what"]]
    say("\n".join(f"{f['severity']}  {f['subject']}: {f['what']}\n  run  {f['command']}" for f in unbound))
    assert code == 2 and [f["subject"] for f in unbound] == ["port outside", "port inside"], findings
    assert all(f["command"] == f"dpdk-devbind.py -b vfio-pci {address}" for f, address in
               zip(unbound, stage.guest.addresses)), unbound
    findings, code = stage.findings("bound")
    say("\n".join(f"{f['severity']}  {f['what']}" for f in findings))
    assert code < 2 and not [f for f in findings if (f["subject"] or "").startswith("port ")], findings


def health_checks_leave_by_the_punt_tap(stage):
    wait_for(stage.healthy, "all backends are up", 30)


def ports_show_what_the_driver_granted(stage):
    ports = stage.get("/v1/ports")["ports"]
    say("\n".join(map(json.dumps, ports)))
    assert [p["device"] for p in ports] == [f"pci:{a}" for a in stage.guest.addresses]
    assert all(p["driver"].startswith("net_") and p["link"] == "up" and p["queues"] == 1 for p in ports), ports


def clients_ping_the_vip(stage):
    for vip in (stage.net.vip, stage.net.vip6):
        out = stage.net.clients[0].call("ping", "-c", 5, "-i", 0.2, "-W", 5, vip).stdout
        say(out.splitlines()[-1])
        assert " 0% packet loss" in out, out


def bodies_come_whole_over_both_families(stage):
    for vip in (stage.net.vip, stage.net.vip6):
        got = fetch(stage.net.clients[0], url(vip, "/body"), 60)
        assert got.status == 200 and got.bytes == BODY_BYTES and got.sha256 == sha256(stage.origins[0].body), got


def datagrams_come_back_and_counters_agree(stage):
    before = {p["port"]: p for p in stage.get("/v1/stats")["ports"]}
    report = iperf(stage.net.clients[0], stage.net.vip, 3, udp=True, reverse=False, rate="5M")
    packets = report["end"]["sum"]["packets"] - report["end"]["sum"]["lost_packets"]
    stats = stage.get("/v1/stats")
    after = {p["port"]: p for p in stats["ports"]}
    took = after["outside"]["rx_packets"] - before["outside"]["rx_packets"]
    gave = after["inside"]["tx_packets"] - before["inside"]["tx_packets"]
    say(f"{packets} datagrams arrived; outside received {took} frames, inside sent {gave}")
    assert packets > 500 and took >= packets and gave >= packets
    for w in stats["workers"]:
        kept = w["tx_packets"] - w["emitted"] + w["dropped"] + w["punted"] + w["consumed"] + w["held"]
        assert abs(w["rx_packets"] - kept) <= 2, w  # a frame may be on its way while it counts


def a_cable_that_is_pulled_is_shown_and_logged_once(stage):
    def link():
        return stage.get("/v1/ports")["ports"][0]["link"]

    def said(what):
        return stage.guest.child.log().count(f"link {what} port=outside")
    assert link() == "up" and not said("down")
    stage.guest.set_link(0, False)
    wait_for(lambda: link() == "down" and said("down"), "the link is down", 20)
    metrics = stage.net.backends[1].call("curl", "-sSf", "--noproxy", "*", "-H", f"Authorization: Bearer {TOKEN}",
                                         f"http://{API}/metrics").stdout
    assert 'cleat_port_up{port="outside"} 0' in metrics and 'cleat_port_up{port="inside"} 1' in metrics
    stage.guest.set_link(0, True)
    wait_for(lambda: link() == "up" and said("up"), "the link is up", 20)
    clients_ping_the_vip(stage)
    assert said("down") == said("up") == 1


def rss_is_asked_for_and_granted_or_the_log_says_that_it_is_not(stage):
    ports = stage.get("/v1/ports")["ports"]
    say("\n".join(map(json.dumps, ports)))
    warned = stage.guest.child.log().count("port not spread")
    for port in ports:
        assert port["queues"] == 2 and {"ipv4-tcp", "ipv4-udp", "ipv6-tcp"} <= set(port["rss"]["asked"]), port
        assert set(port["rss"]["granted"]) <= set(port["rss"]["asked"]), port
    assert warned == sum(not port["rss"]["granted"] for port in ports)


def both_workers_have_work(stage):
    for _ in range(40):
        fetch(stage.net.clients[0], url(stage.net.vip, "/who"), 20)
    received = [w["rx_packets"] for w in stage.get("/v1/stats")["workers"]]
    say(f"received by worker: {received}")
    assert len(received) == 2 and min(received) > 20, received


QUEUE_TESTS = (rss_is_asked_for_and_granted_or_the_log_says_that_it_is_not, health_checks_leave_by_the_punt_tap,
               bodies_come_whole_over_both_families, both_workers_have_work)
TESTS = (the_check_says_what_binds_the_devices, health_checks_leave_by_the_punt_tap, ports_show_what_the_driver_granted,
         clients_ping_the_vip, bodies_come_whole_over_both_families, datagrams_come_back_and_counters_agree,
         a_cable_that_is_pulled_is_shown_and_logged_once)

if __name__ == "__main__":
    run_on_stages((VirtioNet, TESTS), (E1000e, TESTS), (VirtioTwoQueues, QUEUE_TESTS), reason_to_skip=guest.reason_to_skip)
