# SPDX-License-Identifier: MIT
"""Pieces that overlap or come twice are dropped by name, and so are ICMP's; those to others are the kernel's."""
from frames import *


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)
    number = 0
    for client, vip, lip, backend in ((CLIENT, VIP, LIP, BACKEND), (CLIENT6, VIP6, LIP6, BACKEND6)):
        number += 1
        talk = Talk(client=(client, 50000), vip=(vip, 8000), lip=(lip, 1024), backend=(backend, 8000))
        datagram = UDP() / (b"x" * 3500)
        pieces = in_pieces(talk.request(datagram), 7)
        others = in_pieces(talk.request(datagram), 7, size=1200)
        port.send(pieces[0], pieces[0], pieces[1], pieces[1], others[1], pieces[2])
        port.expect(*in_pieces(talk.request_out(datagram), number))
        case.drops("fragment_overlap", 3)
    ping = Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, VIP, flags=0) / ICMP(type=8, id=1, seq=1) / (b"x" * 3500)
    port.send(*in_pieces(ping, 8))
    case.drops("fragment", 3)
    port.send(*in_pieces(frame((CLIENT_MAC, CLEAT), ((CLIENT, 50000), (PORT, 8000)), UDP() / (b"x" * 1500)), 9))
    case.punts(2)
