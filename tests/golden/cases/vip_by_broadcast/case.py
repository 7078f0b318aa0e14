# SPDX-License-Identifier: MIT
"""A packet for a VIP in a broadcast or multicast frame is not forwarded: every balancer on the link got it."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    ends = ((CLIENT, 40000), (VIP, 80))
    port.send(frame((CLIENT_MAC, BROADCAST), ends, TCP(flags="S")))
    port.send(frame((CLIENT_MAC, "01:00:5e:0a:00:64"), ends, TCP(flags="S")))
    case.punts(2)
