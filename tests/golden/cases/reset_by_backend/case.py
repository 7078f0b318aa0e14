# SPDX-License-Identifier: MIT
"""A refusal by the backend reaches the client with the VIP as its source; a retry afterwards is a new flow."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    ends = {"client": (CLIENT, 40000), "vip": (VIP, 80), "backend": (BACKEND, 80)}
    first = Talk(lip=(LIP, 1024), **ends)
    first.forward(port, TCP(flags="S", seq=1000))
    first.back(port, TCP(flags="RA", seq=0, ack=1001, window=0))
    case.next_burst(port)
    again = Talk(lip=(LIP, 1025), **ends)
    again.forward(port, TCP(flags="S", seq=9000))
    again.back(port, TCP(flags="SA", seq=7000, ack=9001))
