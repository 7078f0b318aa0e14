# SPDX-License-Identifier: MIT
"""UDP datagrams through nat and back, odd and even, empty and full."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP() / b"odd")
    talk.back(port, UDP() / b"even")
    talk.forward(port, UDP())
    talk.forward(port, UDP() / (bytes(range(256)) * 5))
    talk.back(port, UDP() / (b"x" * 1472))
