# SPDX-License-Identifier: MIT
"""A TCP connection through nat and back, from its handshake to the last ACK."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    mss = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (100, 0)), ("NOP", None), ("WScale", 7)]
    talk.forward(port, TCP(flags="S", seq=1000, options=mss))
    talk.back(port, TCP(flags="SA", seq=5000, ack=1001, options=mss))
    talk.forward(port, TCP(flags="A", seq=1001, ack=5001))
    talk.forward(port, TCP(flags="PA", seq=1001, ack=5001) / b"GET / HTTP/1.1\r\n\r\n", tos=0xb8)
    talk.back(port, TCP(flags="PA", seq=5001, ack=1019) / b"HTTP/1.1 204 No Content\r\n\r\n", ttl=64, id=0xffff)
    talk.forward(port, TCP(flags="FA", seq=1019, ack=5028))
    talk.back(port, TCP(flags="FA", seq=5028, ack=1020))
    talk.forward(port, TCP(flags="A", seq=1020, ack=5029))
