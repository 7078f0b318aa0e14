# SPDX-License-Identifier: MIT
"""UDP datagrams over IPv6 through nat and back."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    talk = Talk(client=(CLIENT6, 50000), vip=(VIP6, 8000), lip=(LIP6, 1024), backend=(BACKEND6, 8000))
    talk.forward(port, UDP() / b"odd")
    talk.back(port, UDP() / b"even")
    talk.forward(port, UDP() / (b"x" * 1452), fl=7)
    talk.back(port, UDP())
