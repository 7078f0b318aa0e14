# SPDX-License-Identifier: MIT
"""ARP that is cut off, not for Ethernet and IPv4, or sent by a group is dropped."""
from frames import *


def request(**fields):
    return Ether(src=CLIENT_MAC, dst=BROADCAST) / ARP(
        **{"op": 1, "hwsrc": CLIENT_MAC, "psrc": CLIENT, "hwdst": "00:00:00:00:00:00", "pdst": VIP, **fields})


def write(case):
    port = arm(case, VIP, LIP)
    whole = bytes(request())
    port.send(whole[:41], whole[:20])
    for at, value in ((15, 6), (16, 0x86), (18, 8), (19, 16)):
        spoiled = bytearray(whole)
        spoiled[at] = value
        port.send(bytes(spoiled))
    port.send(request(hwsrc="01:00:5e:00:00:01"))
    case.drops("bad_arp", 7)
