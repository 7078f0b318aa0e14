# SPDX-License-Identifier: MIT
"""A service of a port range keeps the port that the client addressed; the ports beside it are nobody's."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    for number, vip_port in enumerate((5000, 5010, 5004)):
        talk = Talk(client=(CLIENT, 50000), vip=(VIP, vip_port), lip=(LIP, 1024 + number), backend=(BACKEND, vip_port))
        talk.forward(port, UDP() / b"to a port of the range")
        talk.back(port, UDP() / b"and back")
    for vip_port in (4999, 5011):
        port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 50000), (VIP, vip_port)), UDP() / b"beside it"))
        case.drops("no_service")
