# SPDX-License-Identifier: MIT
"""New flows take one LIP after the other, each from its lowest port upwards."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP, LIP2)
    for number in range(8):
        talk = Talk(client=(CLIENT, 50000 + number), vip=(VIP, 8000),
                    lip=((LIP, LIP2)[number % 2], 1024 + number // 2), backend=(BACKEND, 8000))
        talk.forward(port, UDP() / b"hello")
        talk.back(port, UDP() / b"hello yourself")
