# SPDX-License-Identifier: MIT
"""A packet to a LIP port that no flow uses, or to a well-known port of a LIP, is dropped."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    port.send(frame((BACKEND_MAC, CLEAT), ((BACKEND, 8000), (LIP, 1024)), UDP() / b"?"))
    port.send(frame((BACKEND_MAC, CLEAT), ((BACKEND, 80), (LIP, 65535)), TCP(flags="A")))
    port.send(frame((BACKEND_MAC, CLEAT), ((BACKEND, 80), (LIP, 22)), TCP(flags="S")))
    case.next_burst(port)
    # The slots of TCP and UDP are not the same.
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP() / b"hello")
    port.send(frame((BACKEND_MAC, CLEAT), ((BACKEND, 8000), (LIP, 1024)), TCP(flags="A")))
    case.drops("reply_without_slot", 4)
