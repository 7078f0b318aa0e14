# SPDX-License-Identifier: MIT
"""VIPs and LIPs answer echo requests over IPv6; other ICMPv6 to them is dropped."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    for address, payload, ttl in ((VIP6, b"ping", 64), (LIP6, b"odd", 1), (VIP6, bytes(range(200)), 255)):
        ends = {"id": 7, "seq": 3, "data": payload}
        port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT6, address, ttl=ttl) / ICMPv6EchoRequest(**ends))
        port.expect(Ether(src=CLEAT, dst=CLIENT_MAC) / ip(address, CLIENT6) / ICMPv6EchoReply(**ends))
    port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT6, VIP6) / ICMPv6EchoReply(id=7, seq=3, data=b"unasked"))
    case.drops("icmp_not_forwarded")
