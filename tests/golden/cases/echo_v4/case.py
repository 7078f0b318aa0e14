# SPDX-License-Identifier: MIT
"""VIPs and LIPs answer echo requests over IPv4; other ICMP to them is dropped."""
from frames import *


def request(address, payload, **fields):
    return Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, address, **fields) / ICMP(type=8, id=7, seq=3) / payload


def reply(address, payload, **fields):
    return Ether(src=CLEAT, dst=CLIENT_MAC) / ip(address, CLIENT, **fields) / ICMP(type=0, id=7, seq=3) / payload


def write(case):
    port = arm(case, VIP, LIP)
    for address, payload, ttl in ((VIP, b"ping", 64), (LIP, b"odd", 1), (VIP, bytes(range(200)), 255)):
        port.send(request(address, payload, ttl=ttl))
        port.expect(reply(address, payload, ttl=64))
    quoted = ip(CLIENT, VIP) / UDP(sport=1, dport=2)
    for kind, code in ((3, 3), (0, 0), (11, 0), (12, 0)):
        port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, VIP) / ICMP(type=kind, code=code) / quoted)
        case.drops("icmp_not_forwarded" if kind == 0 else "icmp_no_flow")
