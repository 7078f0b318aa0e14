# SPDX-License-Identifier: MIT
"""IPv4 headers with options are parsed past and kept."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    talk.forward(port, TCP(flags="S", seq=1000), options=[IPOption_Router_Alert()])
    talk.back(port, TCP(flags="SA", seq=5000, ack=1001), options=[IPOption_NOP()] * 40)
    talk.forward(port, TCP(flags="PA", seq=1001, ack=5001) / b"data",
                 options=[IPOption(b"\x94\x04\x00\x00"), IPOption_NOP(), IPOption_NOP()])
