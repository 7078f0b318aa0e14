# SPDX-License-Identifier: MIT
"""Pieces through dsr and ipip stay as they are but for TTL, and each has its own outer header."""
from frames import *


def outer(inner):
    if IPv6 in inner:
        return IPv6(src=LIP6, dst=BACKEND6, hlim=64)
    return IP(src=LIP, dst=BACKEND, ttl=64, id=0, flags="DF")


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)
    datagram = UDP() / (bytes(range(200)) * 17)
    for client, vip in ((CLIENT, VIP), (CLIENT6, VIP6)):
        for destination in (8000, 8001):
            ends = ((client, 40000), (vip, destination))
            port.send(*in_pieces(frame((CLIENT_MAC, CLEAT), ends, datagram), 0x99))
            for piece in in_pieces(frame((CLEAT, BACKEND_MAC), ends, datagram, ttl=63), 0x99):
                tunnelled = Ether(src=CLEAT, dst=BACKEND_MAC) / outer(piece) / piece[1]
                port.expect(tunnelled if destination == 8001 else piece)
