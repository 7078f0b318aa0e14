# SPDX-License-Identifier: MIT
"""Padding behind a short IP packet is cut off; it is not part of the packet."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    tcp = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    udp = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    port.send(bytes(tcp.request(TCP(flags="S", seq=1000))).ljust(60, b"\0"))
    port.expect(tcp.request_out(TCP(flags="S", seq=1000)))
    port.send(bytes(udp.request(UDP() / b"odd")).ljust(60, b"\xee"))
    port.expect(udp.request_out(UDP() / b"odd"))
    port.send(bytes(udp.reply(UDP() / b"short")).ljust(60, b"\xee"))
    port.expect(udp.reply_out(UDP() / b"short"))
    # IP may carry more than the datagram says (RFC 768 gives it a length of its own): that is the packet's, and stays.
    longer = UDP(len=11) / b"oddmore"
    port.send(udp.request(longer))
    port.expect(udp.request_out(longer))
