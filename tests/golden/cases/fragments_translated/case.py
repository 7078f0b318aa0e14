# SPDX-License-Identifier: MIT
"""Datagrams in three pieces between IPv4 and IPv6: fragment fields become a fragment header, and the reverse (RFC 7915)."""
from frames import *

EXPEDITED_AND_CE = 0xb8 | 3


def pieces(macs, ends, datagram, number, ttl=64, contents=1448):
    """contents: bytes behind the headers of each piece."""
    v6 = ":" in ends[0][0]
    whole = frame(macs, ends, datagram, ttl=ttl, **{"tc" if v6 else "tos": EXPEDITED_AND_CE})
    return in_pieces(whole, number, contents + (48 if v6 else 0))


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)
    datagram, bare = UDP() / (bytes(range(250)) * 14), UDP(chksum=0) / (b"no checksum" * 320)
    number = 0
    for client, vip, lip, backend, service in ((CLIENT, VIP, LIP6, BACKEND6, 8046), (CLIENT6, VIP6, LIP, BACKEND, 8064)):
        outside, inside = ((client, 50000), (vip, service)), ((lip, 1024), (backend, service))
        for macs, ends, macs_out, ends_out in (
                ((CLIENT_MAC, CLEAT), outside, (CLEAT, BACKEND_MAC), inside),
                ((BACKEND_MAC, CLEAT), inside[::-1], (CLEAT, CLIENT_MAC), outside[::-1])):
            number += 1
            port.send(*pieces(macs, ends, datagram, 0x7777))
            port.expect(*pieces(macs_out, ends_out, datagram, number, ttl=63))
            if ":" in ends[0][0]:
                continue
            # The sum of the whole takes the whole; and a piece of more bytes does not fit with IPv6's headers.
            number += 1
            port.send(*pieces(macs, ends, bare, 0x7778))
            case.drops("fragment", 3)
            large = pieces(macs, ends, datagram, 0x7779, contents=1456)[0]
            port.send(large)
            port.expect(told((ends[1][0], ends[0][0]), macs[0], ICMP(type=3, code=4, nexthopmtu=1472), large))
            case.drops("too_big")
