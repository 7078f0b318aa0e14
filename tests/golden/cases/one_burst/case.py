# SPDX-License-Identifier: MIT
"""A whole conversation within one burst: later packets use the flow that an earlier one opened."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    case.together()
    udp = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    tcp = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    tcp.forward(port, TCP(flags="S", seq=1000))
    for number in range(10):
        udp.forward(port, UDP() / f"datagram {number}".encode())
    tcp.back(port, TCP(flags="SA", seq=5000, ack=1001))
    tcp.forward(port, TCP(flags="PA", seq=1001, ack=5001) / b"early")
    udp.back(port, UDP() / b"answer")
