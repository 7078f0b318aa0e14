# SPDX-License-Identifier: MIT
"""An IPv6 packet with more than eight extension headers is dropped."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    packet = Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT6, VIP6)
    for _ in range(9):
        packet = packet / IPv6ExtHdrDestOpt()
    port.send(packet / UDP(sport=50000, dport=8000))
    case.drops("extension_headers")
