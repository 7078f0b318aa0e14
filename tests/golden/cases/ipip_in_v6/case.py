# SPDX-License-Identifier: MIT
"""ipip to IPv6 backends: 4in6 and 6in6, TCP and UDP."""
from frames import *

def outer(source, destination):
    return IPv6(src=source, dst=destination, hlim=64)


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)
    for client, vip in ((CLIENT, VIP), (CLIENT6, VIP6)):
        for destination, l4 in ((80, TCP(flags="S", seq=1000)), (80, TCP(flags="PA", seq=1001, ack=5) / b"GET /"),
                                (8000, UDP() / b"media"), (8000, UDP() / (b"x" * 1400))):
            ends = ((client, 40000), (vip, destination))
            port.send(frame((CLIENT_MAC, CLEAT), ends, l4))
            inner = frame((CLEAT, BACKEND_MAC), ends, l4, ttl=63)[1]
            port.expect(Ether(src=CLEAT, dst=BACKEND_MAC) / outer(LIP6, BACKEND6) / inner)
