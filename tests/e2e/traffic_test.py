# SPDX-License-Identifier: MIT
"""Every byte in each mode (nat, dsr) and family: bulk TCP and UDP by iperf3, a body over HTTP, checksums."""
from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.nginx import BODY_BYTES, WEB_PORT, Nginx
from lab.topology import Topology
from lab.traffic import IPERF_PORT, fetch, iperf, iperf_server, sha256, url
from lab.wait import wait_for

TCP_BYTES, UDP_BYTES, UDP_BLOCK = 32_000_000, 3_600_000, 1200
_PATTERN = b"0123456789" * 20_000  # of iperf3's repeating payload; it begins anew with each of its writes
_UDP_HEAD = 12  # iperf3's own: seconds, microseconds, number of the datagram from 1
NAT_VIP, NAT_VIP6 = "10.10.0.101", "fd10::101"


class Stage:
    """One lab for both modes: the dsr VIPs are on the backends' loopback, the nat VIPs are Cleat's alone. iperf3 runs
    on one backend, once for each address that clients reach it by.

    Tests of other modes say otherwise by network(), binds() and services().
    """

    def __init__(self, run, build):
        self.run, self.net = run, self.network(run)
        self.client = self.net.clients[0]
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.kept = {}
        for vip, bind in self.binds().items():
            self.kept[vip] = run.path(f"received-{bind}")
            iperf_server(run, self.net.backends[0], bind, self.kept[vip])
        self.cleatd = Cleatd(run, self.net.balancer, build, self._config()).start()
        self.cleatd.wait_healthy("srs", 3)
        self.cleatd.wait_healthy("srs6", 3)
        with open("/dev/urandom", "rb") as source:
            self.file = run.path("sent")
            self.file.write_bytes(source.read(UDP_BYTES))

    def network(self, run):
        return Topology(run, dsr=True)

    def binds(self):
        """{VIP: the address at which the backend gets what is sent there}"""
        target = self.net.backends[0]
        return {NAT_VIP: target.address, NAT_VIP6: target.address6, self.net.vip: self.net.vip, self.net.vip6: self.net.vip6}

    def services(self):
        """[(name, VIP, pool, forward)]"""
        return [(f"{mode}-{pool}", vip, pool, mode)
                for mode, vips in (("dsr", (self.net.vip, self.net.vip6)), ("nat", (NAT_VIP, NAT_VIP6)))
                for vip, pool in zip(vips, ("srs", "srs6"))]

    def _config(self):
        config = config_for(self.net, api_path(self.run), state_path(self.run))
        for pool in ("srs", "srs6"):
            config["pools"][f"bulk-{pool}"] = {"backends": config["pools"][pool]["backends"][:1]}
        config["services"] = []
        for name, vip, pool, forward in self.services():
            config["services"] += [service(f"web-{name}", vip, "tcp", WEB_PORT, pool, forward),
                                   service(f"tcp-{name}", vip, "tcp", IPERF_PORT, f"bulk-{pool}", forward),
                                   service(f"udp-{name}", vip, "udp", IPERF_PORT, f"bulk-{pool}", forward)]
        return config

    def bulk_tcp(self, vip):
        report = iperf(self.client, vip, None, False, False, None, "-n", TCP_BYTES, "--repeating-payload")
        received = self.kept[vip].read_bytes()
        say(f"{len(received)} bytes at {report['end']['sum_received']['bits_per_second'] / 1e6:.0f} Mbit/s, "
            f"{report['end']['sum_sent']['retransmits']} retransmissions")
        # iperf3's server stops when the client says that it has sent all, which overtakes what is still in buffers.
        assert len(received) > 0.1 * TCP_BYTES
        wrong_at = first_wrong_byte(received)
        assert wrong_at is None, f"byte {wrong_at}"

    def bulk_udp(self, vip):
        iperf(self.client, vip, None, True, False, "20M", "-l", UDP_BLOCK, "-F", self.file)
        sent, received = self.file.read_bytes(), self.kept[vip].read_bytes()
        wrong = datagrams = 0
        for at in range(0, len(received), UDP_BLOCK):
            block = received[at:at + UDP_BLOCK]
            begin = (int.from_bytes(block[8:_UDP_HEAD], "big") - 1) * UDP_BLOCK
            wrong += block[_UDP_HEAD:] != sent[begin + _UDP_HEAD:begin + len(block)]
            datagrams += 1
        say(f"{datagrams} of {len(sent) // UDP_BLOCK} datagrams, {wrong} wrong")
        assert not wrong and datagrams > 0.5 * len(sent) / UDP_BLOCK

    def body(self, vip):
        got = fetch(self.client, url(vip, "/body"))
        assert got.status == 200 and got.bytes == BODY_BYTES and got.sha256 == sha256(self.origins[0].body), got


def first_wrong_byte(received):
    """Of the repeating payload; None if there is none."""
    at = 0
    while at < len(received):
        rest = received[at:at + len(_PATTERN)]
        if not rest.startswith(b"0"):
            return at
        low, high = 0, len(rest)  # the pattern holds for `low` bytes, not for more than `high`
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if _PATTERN.startswith(rest[:middle]) else (low, middle - 1)
        at += low
    return None


def body_over_http_in_nat_is_the_same_at_both_ends(stage):
    stage.body(NAT_VIP)


def body_over_http_in_nat_over_ipv6_is_the_same_at_both_ends(stage):
    stage.body(NAT_VIP6)


def body_over_http_in_dsr_is_the_same_at_both_ends(stage):
    stage.body(stage.net.vip)


def body_over_http_in_dsr_over_ipv6_is_the_same_at_both_ends(stage):
    stage.body(stage.net.vip6)


def bulk_tcp_in_nat_keeps_every_byte(stage):
    stage.bulk_tcp(NAT_VIP)


def bulk_tcp_in_nat_over_ipv6_keeps_every_byte(stage):
    stage.bulk_tcp(NAT_VIP6)


def bulk_tcp_in_dsr_keeps_every_byte(stage):
    stage.bulk_tcp(stage.net.vip)


def bulk_tcp_in_dsr_over_ipv6_keeps_every_byte(stage):
    stage.bulk_tcp(stage.net.vip6)


def bulk_udp_in_nat_keeps_every_byte(stage):
    stage.bulk_udp(NAT_VIP)


def bulk_udp_in_nat_over_ipv6_keeps_every_byte(stage):
    stage.bulk_udp(NAT_VIP6)


def bulk_udp_in_dsr_keeps_every_byte(stage):
    stage.bulk_udp(stage.net.vip)


def bulk_udp_in_dsr_over_ipv6_keeps_every_byte(stage):
    stage.bulk_udp(stage.net.vip6)


class Spent:
    """What a cleatd's workers did since the one before, or since they began."""

    def __init__(self, stats, former=None):
        workers = stats["workers"]
        self.cycles = {state: sum(w[f"{state}_cycles"] for w in workers) for state in ("busy", "polling", "resting")}
        self.packets = sum(w["rx_packets"] for w in workers)
        self.bursts = sum(row["bursts"] for w in workers for row in w["bursts"])
        if former:
            self.cycles = {state: cycles - former.cycles[state] for state, cycles in self.cycles.items()}
            self.packets -= former.packets
            self.bursts -= former.bursts
        self.busy = self.cycles["busy"] / max(1, sum(self.cycles.values()))

    def __str__(self):
        return f"busy {100 * self.busy:.1f} %, {self.packets} packets in {self.bursts} bursts"


def load_rises_with_traffic_and_falls_again(stage):
    api = stage.cleatd.api
    hertz = api.stats()["tsc_hz"]

    def at_rest():
        """Of half a second and more."""
        begin = Spent(api.stats())
        return wait_for(lambda: (now := Spent(api.stats(), begin)).cycles["resting"] > hertz / 2 and now, "a rest")
    idle = at_rest()
    begin = Spent(api.stats())
    stage.bulk_tcp(NAT_VIP)
    loaded = Spent(api.stats(), begin)
    after = at_rest()
    say(f"idle: {idle}; loaded: {loaded}; after: {after}")
    assert 0 <= idle.busy < loaded.busy <= 1 and after.busy < loaded.busy
    assert 1 <= loaded.packets / loaded.bursts <= 32 and loaded.cycles["busy"] / loaded.packets > 0


def stats_show_what_the_time_went_into(stage):
    """Over the last ten seconds, in which there was traffic."""
    stage.bulk_tcp(NAT_VIP)
    shown = stage.cleatd.ctl("stats", "show").stdout
    say(shown[shown.index("load of late"):shown.index("service ")])
    for worker in stage.cleatd.api.stats()["workers"]:
        load = worker["load"]
        assert 0 < load["busy"] <= 1 and abs(load["busy"] + load["polling"] + load["resting"] - 1) < 0.001, load
        assert 0 < load["seconds"] < 60 and load["packets"] > 0, load
        assert load["cycles_per_packet"] > 0 and 1 <= load["frames_per_burst"] <= 32, load
        assert load["timed_packets"] == 0 or all(load["stage_cycles_per_packet"][each] > 0
                                                 for each in ("rx", "classify", "forward", "tx")), load


def each_mode_was_what_it_says(stage):
    """nat carries the answers, too; in dsr they go past Cleat."""
    for pool in ("srs", "srs6"):
        nat, dsr = (stage.cleatd.api.service(f"web-{mode}-{pool}") for mode in ("nat", "dsr"))
        assert nat["packets_out"] > BODY_BYTES / 1500 and dsr["packets_out"] == 0, (nat, dsr)
        assert dsr["packets_in"] > 10, dsr


def no_end_saw_a_wrong_checksum(stage):
    say(f"drops: {stage.cleatd.api.drops()}")
    wanted = ("IpInHdrErrors", "TcpInCsumErrors", "UdpInCsumErrors", "Udp6InCsumErrors", "IcmpInCsumErrors",
              "Icmp6InCsumErrors", "IpExtInCsumErrors")
    for host in (stage.client, *stage.net.backends, stage.net.router, stage.net.balancer):
        rows = [line.split() for line in host.call("nstat", "-asz").stdout.splitlines()[1:]]
        wrong = {row[0]: row[1] for row in rows if row[0] in wanted and row[1] != "0"}
        assert not wrong, (host.name, wrong)


TESTS = (body_over_http_in_nat_is_the_same_at_both_ends, body_over_http_in_nat_over_ipv6_is_the_same_at_both_ends,
         body_over_http_in_dsr_is_the_same_at_both_ends, body_over_http_in_dsr_over_ipv6_is_the_same_at_both_ends,
         bulk_tcp_in_nat_keeps_every_byte, bulk_tcp_in_nat_over_ipv6_keeps_every_byte,
         bulk_tcp_in_dsr_keeps_every_byte, bulk_tcp_in_dsr_over_ipv6_keeps_every_byte,
         bulk_udp_in_nat_keeps_every_byte, bulk_udp_in_nat_over_ipv6_keeps_every_byte,
         bulk_udp_in_dsr_keeps_every_byte, bulk_udp_in_dsr_over_ipv6_keeps_every_byte,
         load_rises_with_traffic_and_falls_again, stats_show_what_the_time_went_into,
         each_mode_was_what_it_says, no_end_saw_a_wrong_checksum)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
