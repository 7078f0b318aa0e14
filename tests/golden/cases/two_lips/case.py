# SPDX-License-Identifier: MIT
"""New flows take eight ports of one LIP, then eight of the next, each from its lowest port upwards."""
from frames import *

BLOCK = 8  # lb/slot_share.h


def write(case):
    port = arm(case, VIP, LIP, LIP2)
    for number in range(4 * BLOCK):
        turn, place = divmod(number, BLOCK)
        talk = Talk(client=(CLIENT, 50000 + number), vip=(VIP, 8000),
                    lip=((LIP, LIP2)[turn % 2], 1024 + turn // 2 * BLOCK + place), backend=(BACKEND, 8000))
        talk.forward(port, UDP() / b"hello")
        talk.back(port, UDP() / b"hello yourself")
