# SPDX-License-Identifier: MIT
"""Captures with microseconds are read as well as those with nanoseconds."""
from frames import *


def write(case):
    case.nanoseconds = False
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP() / b"hello")
    talk.back(port, UDP() / b"hello yourself")
