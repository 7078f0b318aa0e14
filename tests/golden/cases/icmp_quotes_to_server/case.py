# SPDX-License-Identifier: MIT
"""ICMP errors about packets to a client reach the client's server, as about its own packet; those about nobody's are dropped."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    talk.forward(port, TCP(flags="S", seq=1000))
    case.next_burst(port)
    data = TCP(flags="A", seq=5001, ack=1001) / (b"x" * 1400)
    talk.back(port, data)
    seen, as_sent = talk.reply_out(data), talk.reply(data, ttl=63)
    for kind in (ICMP(type=3, code=4, nexthopmtu=1300), ICMP(type=11, code=0), ICMP(type=3, code=1)):
        for quoted in (28, 48, 548):
            about = bytes(seen)[14:][:quoted]
            port.send(Ether(src=GATEWAY_MAC, dst=CLEAT) / ip(FAR_CLIENT, VIP) / kind / Raw(about))
            port.expect(told((LIP, BACKEND), BACKEND_MAC, kind, as_sent, quoted=quoted))
            case.consumes()
    nobodys = frame((CLEAT, CLIENT_MAC), ((VIP, 80), (CLIENT, 40001)), data)
    port.send(Ether(src=GATEWAY_MAC, dst=CLEAT) / ip(FAR_CLIENT, VIP) / ICMP(type=3, code=1) / Raw(bytes(nobodys)[14:62]))
    case.drops("icmp_no_flow")
    port.send(Ether(src=GATEWAY_MAC, dst=CLEAT) / ip(FAR_CLIENT, VIP) / ICMP(type=3, code=1) / Raw(bytes(seen)[14:41]))
    case.drops("bad_icmp")
    port.send(Ether(src=GATEWAY_MAC, dst=CLEAT) / ip(FAR_CLIENT, VIP) / ICMP(type=3, code=1, chksum=0x1234) /
              Raw(bytes(seen)[14:62]))
    case.drops("bad_icmp")
