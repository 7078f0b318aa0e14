# SPDX-License-Identifier: MIT
"""A next hop that does not answer is asked three times, a second apart; then what waits for it is dropped."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    port.send(talk.request(TCP(flags="S", seq=1000)))
    for _ in range(3):
        port.expect(Ether(src=CLEAT, dst=BROADCAST) /
                    ARP(op=1, hwsrc=CLEAT, psrc=PORT, hwdst="00:00:00:00:00:00", pdst=BACKEND))
    case.drops("next_hop_unresolved")
