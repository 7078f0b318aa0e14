# SPDX-License-Identifier: MIT
"""Only a slot's own backend, from its own port, reaches the client behind it."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP() / b"hello")
    for stranger in ((BACKEND2, 8000), (BACKEND, 8001), (CLIENT, 8000)):
        port.send(frame((BACKEND_MAC, CLEAT), (stranger, (LIP, 1024)), UDP() / b"forged"))
        case.drops("reply_from_stranger")
    talk.back(port, UDP() / b"the right one")
