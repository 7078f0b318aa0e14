# SPDX-License-Identifier: MIT
"""A backend of weight 0 gets no new flow: all go to the other."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    for number in range(20):
        talk = Talk(client=(CLIENT, 50000 + number), vip=(VIP, 8000), lip=(LIP, 1024 + number), backend=(BACKEND2, 8000),
                    backend_mac=BACKEND2_MAC)
        talk.forward(port, UDP() / b"new flow")
