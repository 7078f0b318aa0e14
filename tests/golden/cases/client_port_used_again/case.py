# SPDX-License-Identifier: MIT
"""After a connection was closed by both sides the same client port opens a new flow, on another LIP port."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    ends = {"client": (CLIENT, 40000), "vip": (VIP, 80), "backend": (BACKEND, 80)}
    first = Talk(lip=(LIP, 1024), **ends)
    first.forward(port, TCP(flags="S", seq=1000))
    first.back(port, TCP(flags="SA", seq=5000, ack=1001))
    first.forward(port, TCP(flags="FA", seq=1001, ack=5001))
    first.back(port, TCP(flags="FA", seq=5001, ack=1002))
    first.forward(port, TCP(flags="A", seq=1002, ack=5002))
    case.next_burst(port)
    second = Talk(lip=(LIP, 1025), **ends)
    second.forward(port, TCP(flags="S", seq=90000))
    second.back(port, TCP(flags="SA", seq=70000, ack=90001))
