# SPDX-License-Identifier: MIT
"""wrr with weights 2:1 gives two of three new flows to the heavier backend, spread evenly."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    first, second = (BACKEND, BACKEND_MAC), (BACKEND2, BACKEND2_MAC)
    for number, (backend, mac) in enumerate([first, second, first] * 3):
        talk = Talk(client=(CLIENT, 50000 + number), vip=(VIP, 8000), lip=(LIP, 1024 + number), backend=(backend, 8000),
                    backend_mac=mac)
        talk.forward(port, UDP() / b"new flow")
        talk.forward(port, UDP() / b"same flow")
