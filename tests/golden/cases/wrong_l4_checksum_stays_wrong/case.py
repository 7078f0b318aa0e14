# SPDX-License-Identifier: MIT
"""A TCP or UDP checksum that was wrong is as wrong behind Cleat, so that the server notices."""
from frames import *


def off_by_one(packet, layer):
    """The same packet, its checksum one more than it should be (in ones' complement)."""
    packet = Ether(bytes(packet))
    packet[layer].chksum = packet[layer].chksum % 0xffff + 1
    return packet


def write(case):
    port = arm(case, VIP, LIP)
    tcp = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    udp = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    port.send(off_by_one(tcp.request(TCP(flags="S", seq=1000)), TCP))
    port.expect(off_by_one(tcp.request_out(TCP(flags="S", seq=1000)), TCP))
    port.send(off_by_one(udp.request(UDP() / b"damaged"), UDP))
    port.expect(off_by_one(udp.request_out(UDP() / b"damaged"), UDP))
