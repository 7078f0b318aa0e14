# SPDX-License-Identifier: MIT
"""Datagrams in three pieces through nat and back: the addresses change in each, the checksum in the first."""
from frames import *


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)
    number = 0
    for client, vip, lip, backend in ((CLIENT, VIP, LIP, BACKEND), (CLIENT6, VIP6, LIP6, BACKEND6)):
        talk = Talk(client=(client, 50000), vip=(vip, 8000), lip=(lip, 1024), backend=(backend, 8000))
        # Cleat numbers what it sends anew, for two clients may have chosen one number.
        for before, after in ((talk.request, talk.request_out), (talk.reply, talk.reply_out)):
            number += 1
            datagram = UDP() / (bytes(range(250)) * 14)
            port.send(*in_pieces(before(datagram), 0x7777))
            port.expect(*in_pieces(after(datagram), number))
        port.send(talk.request(UDP() / b"whole"))
        port.expect(talk.request_out(UDP() / b"whole"))
