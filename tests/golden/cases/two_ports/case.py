# SPDX-License-Identifier: MIT
"""Clients outside, backends inside: requests leave by one port, replies by the other."""
from frames import *


def write(case):
    outside = announcing(case, "outside", CLEAT, VIP)
    inside = announcing(case, "inside", CLEAT_INSIDE, "10.20.0.200")
    macs = {"client_mac": GATEWAY_MAC, "outside": CLEAT, "inside": CLEAT_INSIDE}
    tcp = Talk(client=(FAR_CLIENT, 40000), vip=(VIP, 80), lip=("10.20.0.200", 1024), backend=("10.20.0.11", 80), **macs)
    tcp.forward(outside, TCP(flags="S", seq=1000), out=inside)
    tcp.back(inside, TCP(flags="SA", seq=5000, ack=1001), out=outside)
    tcp.forward(outside, TCP(flags="A", seq=1001, ack=5001), out=inside)
    udp = Talk(client=(FAR_CLIENT, 50000), vip=(VIP, 8000), lip=("10.20.0.200", 1024), backend=("10.20.0.11", 8000),
               **macs)
    udp.forward(outside, UDP() / b"hello", out=inside)
    udp.back(inside, UDP() / b"hello yourself", out=outside)
    case.only("replay", "a reply would come before its request: two captures of net_pcap do not keep step")
