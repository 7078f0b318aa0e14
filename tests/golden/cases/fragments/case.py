# SPDX-License-Identifier: MIT
"""Fragments to a VIP or LIP are dropped, first ones and later ones; those to others are the kernel's."""
from frames import *


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)
    udp = UDP(sport=50000, dport=8000, len=1608, chksum=0) / (b"x" * 1400)
    rest = Raw(b"y" * 200)
    for address in (VIP, LIP):
        port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, address, flags="MF") / udp)
        port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, address, flags=0, frag=176, proto=17) / rest)
        case.drops("fragment", 2)
    for address in (VIP6, LIP6):
        first = IPv6ExtHdrFragment(offset=0, m=1, id=7, nh=17)
        last = IPv6ExtHdrFragment(offset=176, m=0, id=7, nh=17)
        port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT6, address) / first / udp)
        port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT6, address) / last / rest)
        case.drops("fragment", 2)
    port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, PORT, flags="MF") / udp)
    case.punts()
