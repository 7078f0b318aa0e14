# SPDX-License-Identifier: MIT
"""What a packet may cost: the cases of cleat-bench that have a target, and what peers need for the same."""
from dataclasses import dataclass

MILLION = 1048576


@dataclass
class Row:
    name: str
    katran: str
    vpp: str
    cases: list  # (what it is, case below pipeline/, target in ns)


def quic_cases(mode, more):
    return [(f"{mode} {words}", f"quic_{encoding}_{mode}/{MILLION}", target + more) for words, encoding, target in
            (("plaintext", "plaintext", 30), ("single pass", "single_pass", 35), ("four pass", "four_pass", 55))]


# Katran and VPP were measured with their own code on the reference machine (docs/benchmarks.md), ns per packet.
TABLE = [
    Row("IPv4, 1 flow, hit", "178 - 219", "81", [("nat", "nat_v4_hit/1", 30), ("dsr", "dsr_v4_hit/1", 30)]),
    Row("IPv6, 1 flow, hit", "181", "", [("nat", "nat_v6_hit/1", 40)]),
    Row("64k flows, hit", "540 - 600", "155", [("nat", "nat_v4_hit/65536", 45), ("dsr", "dsr_v4_hit/65536", 45)]),
    Row("1M flows, hit", "806 - 837", "163", [
        ("dsr", f"dsr_v4_hit/{MILLION}", 55), ("ipip", f"ipip_v4_hit/{MILLION}", 55), ("gue", f"gue_v4_hit/{MILLION}", 55),
        ("nat", f"nat_v4_hit/{MILLION}", 60)]),
    Row("new flow at 1M flows", "1090", "161 - 181", [("nat", f"nat_new_flow/{MILLION}", 110)]),
    Row("new flow, table full", "1310 - 1700", "untracked", [
        ("nat", f"nat_new_flow_full/{MILLION}", 150), ("dsr", f"dsr_new_flow_full/{MILLION}", 150)]),
    Row("QUIC id, 1M connections", "620 - 790", "", quic_cases("dsr", 0) + quic_cases("nat", 40)),
    Row("GUE, 1 flow", "395 - 475", "77 (GRE4)", [("gue", "gue_v4_hit/1", 35)]),
    Row("NAT reply, 1M flows", "", "", [("nat", f"nat_v4_reply/{MILLION}", 60)]),
]
