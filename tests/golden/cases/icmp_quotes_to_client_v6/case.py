# SPDX-License-Identifier: MIT
"""The same over IPv6: unreachable, packet too big, time exceeded, parameter problem."""
from scapy.layers.inet6 import ICMPv6ParamProblem
from frames import *

KINDS = [ICMPv6DestUnreach(code=4), ICMPv6DestUnreach(code=0), ICMPv6PacketTooBig(mtu=1400), ICMPv6TimeExceeded(code=0),
         ICMPv6ParamProblem(code=1, ptr=6)]


def write(case):
    port = arm(case, VIP6, LIP6)
    talk = Talk(client=(CLIENT6, 50000), vip=(VIP6, 8000), lip=(LIP6, 1024), backend=(BACKEND6, 8000))
    talk.forward(port, UDP() / b"are you there?")
    case.next_burst(port)
    seen = talk.request_out(UDP() / b"are you there?")
    as_sent = talk.request(UDP() / b"are you there?", ttl=63)
    for kind in KINDS:
        for quoted in (48, None):
            about = bytes(seen)[14:][:quoted]
            port.send(Ether(src=BACKEND_MAC, dst=CLEAT) / ip(BACKEND6, LIP6) / kind / Raw(about))
            port.expect(told((VIP6, CLIENT6), CLIENT_MAC, kind, as_sent, quoted=quoted))
            case.consumes()
