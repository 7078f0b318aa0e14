# SPDX-License-Identifier: MIT
"""Cleat answers ARP for its VIPs and LIPs; the port's own address and all others are the kernel's."""
from frames import *


def request(target, source=CLIENT, mac=CLIENT_MAC, to=BROADCAST):
    return Ether(src=mac, dst=to) / ARP(op=1, hwsrc=mac, psrc=source, hwdst="00:00:00:00:00:00", pdst=target)


def answer(address):
    return Ether(src=CLEAT, dst=CLIENT_MAC) / ARP(op=2, hwsrc=CLEAT, psrc=address, hwdst=CLIENT_MAC, pdst=CLIENT)


def write(case):
    port = arm(case, VIP, LIP)
    port.send(request(VIP))
    port.expect(answer(VIP))
    port.send(request(LIP))
    port.expect(answer(LIP))
    # Asked without a broadcast, by somebody who knew the address (RFC 1122 section 2.3.2.1).
    port.send(request(VIP, to=CLEAT))
    port.expect(answer(VIP))
    # A probe has no sender yet (RFC 5227 section 2.1.1); it is told that the address is taken.
    port.send(request(VIP, source="0.0.0.0"))
    port.expect(Ether(src=CLEAT, dst=CLIENT_MAC) /
                ARP(op=2, hwsrc=CLEAT, psrc=VIP, hwdst=CLIENT_MAC, pdst="0.0.0.0"))
    case.consumes(4)
    port.send(request(PORT), request("10.10.0.77"))
    case.punts(2)
