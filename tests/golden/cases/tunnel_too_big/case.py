# SPDX-License-Identifier: MIT
"""What does not fit into a tunnel is answered with what would; a router with less on the way is believed."""
from frames import *


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)

    def packet(bytes_in_all, six=False):
        client, vip, headers = (CLIENT6, VIP6, 48) if six else (CLIENT, VIP, 28)
        return frame((CLIENT_MAC, CLEAT), ((client, 40000), (vip, 8000)), UDP() / (b"x" * (bytes_in_all - headers)))

    def goes_through(sent):
        port.send(sent)
        inner = sent[1].copy()
        inner.hlim, inner.ttl = 63, 63
        port.expect(Ether(src=CLEAT, dst=BACKEND_MAC) / IP(src=LIP, dst=BACKEND, id=0, flags="DF", ttl=64) / inner)
        return port.expected[-1]

    def is_answered(sent, mtu, six=False):
        port.send(sent)
        if six:
            port.expect(told((VIP6, CLIENT6), CLIENT_MAC, ICMPv6PacketTooBig(mtu=mtu), sent))
        else:
            port.expect(told((VIP, CLIENT), CLIENT_MAC, ICMP(type=3, code=4, nexthopmtu=mtu), sent))
        case.drops("too_big")

    is_answered(packet(1481), 1480)
    is_answered(packet(1481, True), 1480, True)
    full = goes_through(packet(1480))
    port.send(Ether(src=GATEWAY_MAC, dst=CLEAT) / ip(FAR_CLIENT, LIP) / ICMP(type=3, code=4, nexthopmtu=1400) /
              Raw(full[14:42]))
    case.consumes()
    is_answered(packet(1381), 1380)
    goes_through(packet(1380))
