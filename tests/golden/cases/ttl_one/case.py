# SPDX-License-Identifier: MIT
"""A TTL of one is used up here; one of two is sent on as one."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    for ttl in (1, 0):
        last = talk.request(TCP(flags="S", seq=1000), ttl=ttl)
        port.send(last)
        port.expect(told((VIP, CLIENT), CLIENT_MAC, ICMP(type=11, code=0), last))
    talk.forward(port, TCP(flags="S", seq=1000), ttl=2)
    last = talk.reply(TCP(flags="SA", seq=5000, ack=1001), ttl=1)
    port.send(last)
    port.expect(told((LIP, BACKEND), BACKEND_MAC, ICMP(type=11, code=0), last))
    talk.back(port, TCP(flags="SA", seq=5000, ack=1001), ttl=2)
    case.drops("ttl_expired", 3)
