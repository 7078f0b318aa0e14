# SPDX-License-Identifier: MIT
"""nat between families: every byte of TCP and UDP through an IPv6 VIP before IPv4 servers, and the reverse."""
from staged import run_on_stages, say
import traffic_test as traffic
from lab.topology import Topology

WAYS = {"6_to_4": ("fd10::120", "srs"), "4_to_6": ("10.10.0.120", "srs6")}  # (VIP, pool)


class Stage(traffic.Stage):
    def network(self, run):
        net = Topology(run)
        for host in (net.clients[0], *net.backends):
            say_more_than_fits(host)
        return net

    def binds(self):
        target = self.net.backends[0]
        return {vip: target.address if pool == "srs" else target.address6 for vip, pool in WAYS.values()}

    def services(self):
        return [(way, vip, pool, "nat") for way, (vip, pool) in WAYS.items()]


def say_more_than_fits(host):
    """In its SYNs, as a host does whose own network takes jumbo frames."""
    lan, lan6 = host.address.rpartition(".")[0], host.address6.partition("::")[0]
    host.ip(f"route replace {lan}.0/24 dev eth0 scope link src {host.address} advmss 8960",
            f"route replace {lan6}::/64 dev eth0 proto kernel metric 256 advmss 8940")


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


def no_end_had_to_be_told_that_a_packet_was_too_big(stage):
    """Though they said that they take more than 1500 bytes: each heard of the other what fits, so no full segment was lost to find
    it out.
    """
    told = sum(worker["icmp_sent"] for worker in stage.cleatd.api.get("/v1/stats")["workers"])
    drops = stage.cleatd.api.drops()
    say(f"{told} ICMP errors sent; drops: {drops}")
    assert told == 0 and "too_big" not in drops, drops


if __name__ == "__main__":
    run_on_stages((Stage, [test for way in WAYS for test in through(way)] +
                   [no_end_had_to_be_told_that_a_packet_was_too_big, traffic.no_end_saw_a_wrong_checksum]))
