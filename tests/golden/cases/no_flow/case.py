# SPDX-License-Identifier: MIT
"""In nat mode a TCP segment of an unknown flow that is no SYN is dropped: its server would not know it either."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    for flags in ("A", "PA", "FA", "R", "SA", ""):
        port.send(talk.request(TCP(flags=flags, seq=1000, ack=5000)))
        case.drops("no_flow")
    talk.forward(port, TCP(flags="S", seq=1000))
    talk.forward(port, TCP(flags="A", seq=1001, ack=5001))
