# SPDX-License-Identifier: MIT
"""A hop limit of one is used up here; one of two is sent on as one."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    talk = Talk(client=(CLIENT6, 50000), vip=(VIP6, 8000), lip=(LIP6, 1024), backend=(BACKEND6, 8000))
    last = talk.request(UDP() / b"too far", ttl=1)
    port.send(last)
    port.expect(told((VIP6, CLIENT6), CLIENT_MAC, ICMPv6TimeExceeded(code=0), last))
    talk.forward(port, UDP() / b"just so", ttl=2)
    last = talk.reply(UDP() / b"too far", ttl=0)
    port.send(last)
    port.expect(told((LIP6, BACKEND6), BACKEND_MAC, ICMPv6TimeExceeded(code=0), last))
    case.drops("ttl_expired", 2)
