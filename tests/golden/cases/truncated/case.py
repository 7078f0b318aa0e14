# SPDX-License-Identifier: MIT
"""Headers and lengths that reach beyond the frame, at every layer; the first whole packet goes through."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    whole = bytes(talk.request(UDP() / b"payload"))
    for length in (13, 14, 33, len(whole) - 1):
        # 13 bytes are not even Ethernet; DPDK's net_pcap hands them over all the same.
        port.send(whole[:length])
        case.drops("frame_truncated")
    port.send(talk.request(UDP() / b"payload", len=19))
    port.send(talk.request(UDP() / b"payload", ihl=4))
    port.send(talk.request(UDP() / b"payload", ihl=15))
    port.send(talk.request(UDP() / b"payload", version=5))
    case.drops("bad_ip_header", 4)
    port.send(talk.request(UDP(len=7) / b"payload"))
    port.send(talk.request(UDP(len=16) / b"payload"))
    tcp = ((CLIENT, 50000), (VIP, 80))
    port.send(frame((CLIENT_MAC, CLEAT), tcp, TCP(flags="S", dataofs=4)))
    port.send(frame((CLIENT_MAC, CLEAT), tcp, TCP(flags="S", dataofs=6)))
    port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, VIP, proto=6) / Raw(b"\0" * 19))
    case.drops("bad_l4_header", 5)
    talk.forward(port, UDP() / b"payload")
