# SPDX-License-Identifier: MIT
"""A hop limit of one is used up here; one of two is sent on as one."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    talk = Talk(client=(CLIENT6, 50000), vip=(VIP6, 8000), lip=(LIP6, 1024), backend=(BACKEND6, 8000))
    port.send(talk.request(UDP() / b"too far", ttl=1))
    talk.forward(port, UDP() / b"just so", ttl=2)
    port.send(talk.reply(UDP() / b"too far", ttl=0))
    case.drops("ttl_expired", 2)
