# SPDX-License-Identifier: MIT
"""The same over IPv6: a packet waits for the neighbour advertisement of its next hop."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    talk = Talk(client=(CLIENT6, 40000), vip=(VIP6, 80), lip=(LIP6, 1024), backend=(BACKEND6, 80))
    port.send(talk.request(TCP(flags="S", seq=1000)))
    port.expect(Ether(src=CLEAT, dst="33:33:ff:00:00:11") / IPv6(src=PORT6, dst="ff02::1:ff00:11", hlim=255) /
                ICMPv6ND_NS(tgt=BACKEND6) / ICMPv6NDOptSrcLLAddr(lladdr=CLEAT))
    port.send(Ether(src=BACKEND_MAC, dst=CLEAT) / IPv6(src=BACKEND6, dst=PORT6, hlim=255) /
              ICMPv6ND_NA(tgt=BACKEND6, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=BACKEND_MAC))
    case.punts()
    port.expect(talk.request_out(TCP(flags="S", seq=1000)))
