# SPDX-License-Identifier: MIT
"""nat between families: every byte of TCP and UDP through an IPv6 VIP before IPv4 servers, and the reverse."""
from staged import run_on_stages
import traffic_test as traffic
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.nginx import WEB_PORT, Nginx
from lab.topology import Topology
from lab.traffic import IPERF_PORT, iperf_server

WAYS = {"6_to_4": ("fd10::120", "srs"), "4_to_6": ("10.10.0.120", "srs6")}  # (VIP, pool)


class Stage(traffic.Stage):
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run)
        self.client = self.net.clients[0]
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        target = self.net.backends[0]
        self.kept = {}
        for (vip, pool) in WAYS.values():
            bind = target.address if pool == "srs" else target.address6
            self.kept[vip] = run.path(f"received-{bind}")
            iperf_server(run, target, bind, self.kept[vip])
        self.cleatd = Cleatd(run, self.net.balancer, build, self._config()).start()
        self.cleatd.wait_healthy("srs", 3)
        self.cleatd.wait_healthy("srs6", 3)
        with open("/dev/urandom", "rb") as source:
            self.file = run.path("sent")
            self.file.write_bytes(source.read(traffic.UDP_BYTES))

    def _config(self):
        config = config_for(self.net, api_path(self.run), state_path(self.run))
        for pool in ("srs", "srs6"):
            config["pools"][f"bulk-{pool}"] = {"backends": config["pools"][pool]["backends"][:1]}
        config["services"] = []
        for way, (vip, pool) in WAYS.items():
            config["services"] += [service(f"web-{way}", vip, "tcp", WEB_PORT, pool),
                                   service(f"tcp-{way}", vip, "tcp", IPERF_PORT, f"bulk-{pool}"),
                                   service(f"udp-{way}", vip, "udp", IPERF_PORT, f"bulk-{pool}")]
        return config


def through(way):
    vip, _ = WAYS[way]

    def body_over_http(stage):
        stage.body(vip)

    def bulk_tcp(stage):
        stage.bulk_tcp(vip)

    def bulk_udp(stage):
        stage.bulk_udp(vip)

    for test, name in ((body_over_http, "body_over_http_from_{}_is_the_same_at_both_ends"),
                       (bulk_tcp, "bulk_tcp_from_{}_keeps_every_byte"), (bulk_udp, "bulk_udp_from_{}_keeps_every_byte")):
        test.__name__ = name.format(way)
    return body_over_http, bulk_tcp, bulk_udp


if __name__ == "__main__":
    run_on_stages((Stage, [test for way in WAYS for test in through(way)] + [traffic.no_end_saw_a_wrong_checksum]))
