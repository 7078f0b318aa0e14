# SPDX-License-Identifier: MIT
"""Neighbour discovery from beyond the link or with impossible lengths is dropped (RFC 4861 section 7.1.1)."""
from frames import *


def solicitation(hop_limit=255, code=0, target=VIP6, source=CLIENT6, option=ICMPv6NDOptSrcLLAddr(lladdr=CLIENT_MAC)):
    return (Ether(src=CLIENT_MAC, dst=CLEAT) / IPv6(src=source, dst=VIP6, hlim=hop_limit) /
            ICMPv6ND_NS(tgt=target, code=code) / option)


def write(case):
    port = arm(case, VIP6, LIP6)
    port.send(solicitation(hop_limit=254))
    port.send(solicitation(code=1))
    port.send(solicitation(target="ff02::1"))
    port.send(solicitation(source="::"))
    port.send(solicitation(option=ICMPv6NDOptSrcLLAddr(len=0, lladdr=CLIENT_MAC)))
    port.send(solicitation(option=ICMPv6NDOptSrcLLAddr(len=2, lladdr=CLIENT_MAC)))
    spoiled = bytearray(bytes(solicitation()))
    spoiled[56] ^= 1
    port.send(bytes(spoiled))
    case.drops("bad_neighbour_discovery", 7)
