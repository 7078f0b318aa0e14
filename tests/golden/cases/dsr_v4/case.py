# SPDX-License-Identifier: MIT
"""In dsr mode only MAC addresses, TTL and the header checksum change: TCP and UDP over IPv4."""
from frames import *


def forward(port, destination_port, l4):
    ends = ((CLIENT, 40000), (VIP, destination_port))
    port.send(frame((CLIENT_MAC, CLEAT), ends, l4))
    port.expect(frame((CLEAT, BACKEND_MAC), ends, l4, ttl=63))


def write(case):
    port = arm(case, VIP)
    forward(port, 80, TCP(flags="S", seq=1000))
    forward(port, 80, TCP(flags="A", seq=1001, ack=5001))
    forward(port, 80, TCP(flags="PA", seq=1001, ack=5001) / b"GET / HTTP/1.1\r\n\r\n")
    forward(port, 80, TCP(flags="FA", seq=1019, ack=5028))
    forward(port, 8000, UDP() / b"datagram")
    forward(port, 8000, UDP(chksum=0) / b"without checksum")
