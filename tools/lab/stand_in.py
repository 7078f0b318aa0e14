# SPDX-License-Identifier: MIT
"""The kernel in Cleat's place: forwarding and nft NAT in the balancer's namespace. Proves the lab without Cleat."""

_RULES = """
table inet stand_in {
  chain in { type nat hook prerouting priority dstnat;
    ip daddr %(vip)s dnat ip to jhash ip saddr mod %(count)d map { %(map)s }
    ip6 daddr %(vip6)s dnat ip6 to jhash ip6 saddr mod %(count)d map { %(map6)s }
  }
  chain out { type nat hook postrouting priority srcnat; ct status dnat masquerade; }
}
"""


def stand_in(net):
    """Takes the VIPs of `net` (a Topology) and spreads clients over its backends by source address."""
    space = net.balancer
    space.forward_packets()
    if net.arms == 2:
        space.ip("address add 10.10.0.2/24 dev eth1", "address add fd10::2/64 dev eth1 nodad",
                 "link set eth1 up", "route add default via 10.10.0.1", "route add default via fd10::1")
    space.ip("address add 10.20.0.2/24 dev eth2", "address add fd20::2/64 dev eth2 nodad", "link set eth2 up")
    if net.arms == 1:
        space.ip("route add default via 10.20.0.1", "route add default via fd20::1")
    front = "eth1" if net.arms == 2 else "eth2"
    space.ip(f"address add {net.vip}/32 dev {front}", f"address add {net.vip6}/128 dev {front} nodad")
    rules = _RULES % {
        "vip": net.vip, "vip6": net.vip6, "count": len(net.backends),
        "map": ", ".join(f"{i} : {b.address}" for i, b in enumerate(net.backends)),
        "map6": ", ".join(f"{i} : {b.address6}" for i, b in enumerate(net.backends))}
    path = net.run.path("stand-in.nft")
    path.write_text(rules)
    space.call("nft", "-f", path)
