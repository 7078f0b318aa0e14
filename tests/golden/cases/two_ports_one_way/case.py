# SPDX-License-Identifier: MIT
"""From outside to inside, by the real dataplane too: only requests, so that nothing depends on the ports' order."""
from frames import *


def write(case):
    outside = announcing(case, "outside", CLEAT, VIP)
    inside = announcing(case, "inside", CLEAT_INSIDE, "10.20.0.200")
    macs = {"client_mac": GATEWAY_MAC, "outside": CLEAT, "inside": CLEAT_INSIDE}
    for number in range(100):
        udp = Talk(client=(FAR_CLIENT, 50000 + number), vip=(VIP, 8000), lip=("10.20.0.200", 1024 + number),
                   backend=("10.20.0.11", 8000), **macs)
        udp.forward(outside, UDP() / f"flow {number}".encode(), out=inside)
    # A LIP is not asked for on another port's network.
    outside.send(Ether(src=GATEWAY_MAC, dst=BROADCAST) / ARP(op=1, hwsrc=GATEWAY_MAC, psrc="10.10.0.1", pdst="10.20.0.200"))
    case.consumes()
