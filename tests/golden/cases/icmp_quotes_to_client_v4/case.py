# SPDX-License-Identifier: MIT
"""A server's and a router's ICMP errors about a client's packets reach the client, from the VIP: every kind, 8 bytes and more."""
from frames import *

KINDS = [ICMP(type=3, code=3), ICMP(type=3, code=1), ICMP(type=3, code=4, nexthopmtu=1400), ICMP(type=3, code=13),
         ICMP(type=11, code=0), ICMP(type=12, code=0, ptr=9)]


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP() / b"are you there?")
    case.next_burst(port)
    seen = talk.request_out(UDP() / b"are you there?")
    as_sent = talk.request(UDP() / b"are you there?", ttl=63)
    for kind in KINDS:
        for quoted in (28, None):
            about = bytes(seen)[14:][:quoted]
            port.send(Ether(src=BACKEND_MAC, dst=CLEAT) / ip(BACKEND, LIP) / kind / Raw(about))
            port.expect(told((VIP, CLIENT), CLIENT_MAC, kind, as_sent, quoted=quoted))
            case.consumes()
