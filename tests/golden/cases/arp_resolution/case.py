# SPDX-License-Identifier: MIT
"""A packet waits while Cleat asks for its next hop, and goes when the answer comes; the next one goes at once."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    other = Talk(client=(CLIENT, 40001), vip=(VIP, 80), lip=(LIP, 1025), backend=(BACKEND, 80))
    port.send(talk.request(TCP(flags="S", seq=1000)), other.request(TCP(flags="S", seq=2000)))
    port.expect(Ether(src=CLEAT, dst=BROADCAST) /
                ARP(op=1, hwsrc=CLEAT, psrc=PORT, hwdst="00:00:00:00:00:00", pdst=BACKEND))
    port.send(Ether(src=BACKEND_MAC, dst=CLEAT) /
              ARP(op=2, hwsrc=BACKEND_MAC, psrc=BACKEND, hwdst=CLEAT, pdst=PORT))
    case.punts()  # the answer went to the port's own address: the kernel hears it too
    port.expect(talk.request_out(TCP(flags="S", seq=1000)), other.request_out(TCP(flags="S", seq=2000)))
    case.next_burst(port)
    talk.back(port, TCP(flags="SA", seq=5000, ack=1001))
