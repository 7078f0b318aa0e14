# SPDX-License-Identifier: MIT
"""A VIP is no host: what no service takes is dropped, by port and by protocol."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 40000), (VIP, 81)), TCP(flags="S")))
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 40000), (VIP, 8000)), TCP(flags="S")))
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 40000), (VIP, 80)), UDP() / b"?"))
    # SCTP and protocol 4 (IP in IP)
    for protocol in (132, 4):
        port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, VIP, proto=protocol) / Raw(b"\0" * 20))
    case.drops("no_service", 5)
