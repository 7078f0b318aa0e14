# SPDX-License-Identifier: MIT
"""The MSS of SYN and SYN-ACK is lowered to what passes between an IPv4 VIP and IPv6 servers, or to a service's own."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP6)
    number = 0

    def exchange(lip_port, vip_port, sent, seen):
        nonlocal number
        port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 40000), (VIP, vip_port)), TCP(flags="S", seq=1000, options=sent)))
        port.expect(Ether(src=CLEAT, dst=BACKEND_MAC) / IPv6(src=LIP6, dst=BACKEND6, hlim=63) /
                    with_ports(TCP(flags="S", seq=1000, options=seen), lip_port, vip_port))
        case.next_burst(port)
        number += 1
        port.send(frame((BACKEND_MAC, CLEAT), ((BACKEND6, vip_port), (LIP6, lip_port)),
                        TCP(flags="SA", seq=5, ack=1001, options=sent)))
        port.expect(Ether(src=CLEAT, dst=CLIENT_MAC) / IP(src=VIP, dst=CLIENT, ttl=63, id=number, flags=0) /
                    with_ports(TCP(flags="SA", seq=5, ack=1001, options=seen), vip_port, 40000))
        case.next_burst(port)

    permitted, scale, nop = ("SAckOK", b""), ("WScale", 7), ("NOP", None)
    exchange(1024, 80, [("MSS", 1460), permitted, nop, scale], [("MSS", 1440), permitted, nop, scale])
    exchange(1025, 81, [nop, ("MSS", 1460), scale], [nop, ("MSS", 1200), scale])
