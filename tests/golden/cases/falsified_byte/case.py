# SPDX-License-Identifier: MIT
"""An expectation that is wrong in one byte: the comparison must fail, at just that byte."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP() / b"hello")
    talk.back(port, UDP() / b"hello yourself")
    # Two announcements come first; byte 25 is the end of the IPv4 checksum.
    case.falsify("arm", packet=4, byte=25)
