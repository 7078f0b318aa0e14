# SPDX-License-Identifier: MIT
"""A backend with a port of its own gets it, and the client sees the service's."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 1935), lip=(LIP, 1024), backend=(BACKEND, 19350))
    talk.forward(port, TCP(flags="S", seq=1000))
    talk.back(port, TCP(flags="SA", seq=5000, ack=1001))
    talk.forward(port, TCP(flags="PA", seq=1001, ack=5001) / b"\x03")
    # From the service's port instead of its own: not this flow's.
    port.send(frame((BACKEND_MAC, CLEAT), ((BACKEND, 1935), (LIP, 1024)), TCP(flags="PA", seq=5001) / b"?"))
    case.drops("reply_from_stranger")
