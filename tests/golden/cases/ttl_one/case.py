# SPDX-License-Identifier: MIT
"""A TTL of one is used up here; one of two is sent on as one."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    port.send(talk.request(TCP(flags="S", seq=1000), ttl=1))
    port.send(talk.request(TCP(flags="S", seq=1000), ttl=0))
    talk.forward(port, TCP(flags="S", seq=1000), ttl=2)
    port.send(talk.reply(TCP(flags="SA", seq=5000, ack=1001), ttl=1))
    talk.back(port, TCP(flags="SA", seq=5000, ack=1001), ttl=2)
    case.drops("ttl_expired", 3)
