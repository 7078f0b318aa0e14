# SPDX-License-Identifier: MIT
"""An expectation that lacks a packet: the comparison must fail, at just that packet."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP() / b"hello")
    talk.back(port, UDP() / b"hello yourself")
    case.falsify("arm", packet=4)
