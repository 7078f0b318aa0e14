# SPDX-License-Identifier: MIT
"""Nobody can answer a group, a loopback or the unset address: such sources, of IP and of Ethernet, are dropped."""
from frames import *


def write(case):
    port = arm(case, VIP, VIP6, LIP, LIP6)
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"):
        port.send(frame((CLIENT_MAC, CLEAT), ((source, 50000), (VIP, 8000)), UDP() / b"?"))
    for source in ("::", "::1", "ff02::1"):
        port.send(frame((CLIENT_MAC, CLEAT), ((source, 50000), (VIP6, 8000)), UDP() / b"?"))
    # Or an echo reply would go to everybody.
    port.send(Ether(src="01:00:5e:00:00:01", dst=CLEAT) / ip(CLIENT, VIP) / ICMP(type=8))
    case.drops("bad_source", 8)
    # On the wire a v4-mapped address would be taken for the IPv4 host.
    port.send(frame((CLIENT_MAC, CLEAT), (("::ffff:10.10.0.50", 50000), (VIP6, 8000)), UDP() / b"?"))
    case.drops("bad_ip_header")
