# SPDX-License-Identifier: MIT
"""An IPv4 VIP before IPv6 backends: headers are translated (RFC 7915), TCP and UDP, both ways."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP6)
    number = 0

    def v4(source, destination, length):
        nonlocal number
        if 20 + length > 1260:
            return IP(src=source, dst=destination, ttl=63, id=0, flags="DF")
        number += 1
        return IP(src=source, dst=destination, ttl=63, id=number, flags=0)

    def v6(source, destination, length):
        return IPv6(src=source, dst=destination, hlim=63)

    for destination, parts in ((80, [TCP(flags="S", seq=1000, options=[("MSS", 1440)]), TCP(flags="SA", seq=5, ack=1001),
                                     TCP(flags="A", seq=1001, ack=6) / (b"x" * 1400)]),
                               (8000, [UDP() / b"media", UDP() / b"back", UDP() / (b"y" * 1300), UDP() / (b"z" * 1301)])):
        for turn, l4 in enumerate(parts):
            length = len(bytes(l4))
            if turn % 2 == 0:
                port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 40000), (VIP, destination)), l4))
                port.expect(Ether(src=CLEAT, dst=BACKEND_MAC) / v6(LIP6, BACKEND6, length) /
                            with_ports(l4, 1024, destination))
            else:
                port.send(frame((BACKEND_MAC, CLEAT), ((BACKEND6, destination), (LIP6, 1024)), l4))
                port.expect(Ether(src=CLEAT, dst=CLIENT_MAC) / v4(VIP, CLIENT, length) /
                            with_ports(l4, destination, 40000))
            case.next_burst(port)
