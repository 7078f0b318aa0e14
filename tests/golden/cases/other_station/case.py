# SPDX-License-Identifier: MIT
"""A unicast frame to another station's MAC address is dropped, whatever is in it."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    ends = ((CLIENT, 40000), (VIP, 80))
    for mac in ("02:00:00:00:00:99", BACKEND_MAC, "02:70:63:61:70:01"):
        port.send(frame((CLIENT_MAC, mac), ends, TCP(flags="S")))
        case.drops("other_station")
    port.send(Ether(src=CLIENT_MAC, dst=BACKEND_MAC) / ARP(op=1, psrc=CLIENT, hwsrc=CLIENT_MAC, pdst=VIP))
    case.drops("other_station")
