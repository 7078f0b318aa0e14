# SPDX-License-Identifier: MIT
"""ipip and gue: every byte of TCP and UDP through a tunnel to servers that answer the client themselves, each family in each."""
from staged import run_on_stages, say
import traffic_test as traffic
import tunnel_end
from lab.topology import Topology

MODES = ("ipip", "gue")
# Inner in outer: (VIP, pool). The backends' addresses are the outer ones.
WAYS = {"4in4": ("10.10.0.{}", "srs"), "6in6": ("fd10::{}", "srs6"), "6in4": ("fd10::{}", "srs"),
        "4in6": ("10.10.0.{}", "srs6")}


class Stage(traffic.Stage):
    """The VIPs are on the backends' loopback, where tunnels end, too."""

    def network(self, run):
        net = Topology(run)
        numbers = iter(range(110, 200))
        self.vips = {(mode, way): WAYS[way][0].format(next(numbers)) for mode in MODES for way in WAYS}
        for backend in net.backends:
            backend.ip(*(f"address add {vip}/{'128' if ':' in vip else '32'} dev lo{' nodad' if ':' in vip else ''}"
                         for vip in self.vips.values()))
            tunnel_end.start(run, backend)
        return net

    def binds(self):
        return {vip: vip for vip in self.vips.values()}

    def services(self):
        return [(f"{mode}-{way}", vip, WAYS[way][1], mode) for (mode, way), vip in self.vips.items()]


def through(mode, way):
    def body_over_http(stage):
        stage.body(stage.vips[mode, way])

    def bulk_tcp(stage):
        stage.bulk_tcp(stage.vips[mode, way])

    def bulk_udp(stage):
        stage.bulk_udp(stage.vips[mode, way])

    for test, name in ((body_over_http, "body_over_http_through_{}_{}_is_the_same_at_both_ends"),
                       (bulk_tcp, "bulk_tcp_through_{}_{}_keeps_every_byte"),
                       (bulk_udp, "bulk_udp_through_{}_{}_keeps_every_byte")):
        test.__name__ = name.format(mode, way)
    return body_over_http, bulk_tcp, bulk_udp


def answers_went_past_cleat(stage):
    for mode, way in stage.vips:
        web = stage.cleatd.api.service(f"web-{mode}-{way}")
        assert web["packets_out"] == 0 and web["packets_in"] > 10, (mode, way, web)


def a_full_segment_was_answered_with_what_fits(stage):
    """A client of IPv4 or IPv6 sends 1500 bytes first: it was told, and no connection hung."""
    drops = stage.cleatd.api.drops()
    say(f"drops: {drops}")
    assert drops.get("too_big", 0) >= len(stage.vips), drops


if __name__ == "__main__":
    run_on_stages((Stage, [test for mode in MODES for way in WAYS for test in through(mode, way)] +
                   [answers_went_past_cleat, a_full_segment_was_answered_with_what_fits,
                    traffic.no_end_saw_a_wrong_checksum]))
