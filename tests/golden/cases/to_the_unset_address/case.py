# SPDX-License-Identifier: MIT
"""A packet to the unset address :: belongs to nobody, and nobody answers for it."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT6, 50000), ("::", 8000)), UDP() / b"?"))
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT6, 50000), ("::", 2000)), TCP(flags="S")))
    port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / IPv6(src=CLIENT6, dst=VIP6, hlim=255) / ICMPv6ND_NS(tgt="::") /
              ICMPv6NDOptSrcLLAddr(lladdr=CLIENT_MAC))
    case.punts(3)
