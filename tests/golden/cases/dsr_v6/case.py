# SPDX-License-Identifier: MIT
"""In dsr mode only MAC addresses and the hop limit change: TCP and UDP over IPv6."""
from frames import *


def forward(port, destination_port, l4):
    ends = ((CLIENT6, 40000), (VIP6, destination_port))
    port.send(frame((CLIENT_MAC, CLEAT), ends, l4))
    port.expect(frame((CLEAT, BACKEND_MAC), ends, l4, ttl=63))


def write(case):
    port = arm(case, VIP6)
    forward(port, 80, TCP(flags="S", seq=1000))
    forward(port, 80, TCP(flags="A", seq=1001, ack=5001))
    forward(port, 8000, UDP() / b"datagram")
