# SPDX-License-Identifier: MIT
"""Later pieces wait for the first: they leave behind it, in the order in which they came."""
from frames import *


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)
    number = 0
    for client, vip, lip, backend in ((CLIENT, VIP, LIP, BACKEND), (CLIENT6, VIP6, LIP6, BACKEND6)):
        talk = Talk(client=(client, 50000), vip=(vip, 8000), lip=(lip, 1024), backend=(backend, 8000))
        for order in ((1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0)):
            number += 1
            datagram = UDP() / (bytes([number]) * 3500)
            pieces = in_pieces(talk.request(datagram), number + 0x100)
            out = in_pieces(talk.request_out(datagram), number)
            port.send(*[pieces[i] for i in order])
            first = order.index(0)
            port.expect(*[out[i] for i in (0, *order[:first], *order[first + 1:])])
    case.only("replay", "in cleatd pieces that wait may leave behind those that come in the first one's burst")
