# SPDX-License-Identifier: MIT
"""A TCP connection over IPv6 through nat and back; traffic class and flow label stay."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    talk = Talk(client=(CLIENT6, 40000), vip=(VIP6, 80), lip=(LIP6, 1024), backend=(BACKEND6, 80))
    talk.forward(port, TCP(flags="S", seq=1000, options=[("MSS", 1440)]), fl=0x12345)
    talk.back(port, TCP(flags="SA", seq=5000, ack=1001, options=[("MSS", 1440)]))
    talk.forward(port, TCP(flags="A", seq=1001, ack=5001))
    talk.forward(port, TCP(flags="PA", seq=1001, ack=5001) / b"GET / HTTP/1.1\r\n\r\n", tc=0xb8)
    talk.back(port, TCP(flags="PA", seq=5001, ack=1019) / b"odd", ttl=255)
    talk.forward(port, TCP(flags="R", seq=1019))
