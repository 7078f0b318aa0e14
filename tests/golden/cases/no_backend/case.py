# SPDX-License-Identifier: MIT
"""When no backend of the pool takes new sessions they are dropped, in nat and in dsr."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 40000), (VIP, 80)), TCP(flags="S", seq=1000)))
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 50000), (VIP, 8000)), UDP() / b"hello"))
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 50000), (VIP, 9000)), UDP() / b"hello"))
    case.drops("no_backend", 3)
