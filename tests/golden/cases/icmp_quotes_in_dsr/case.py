# SPDX-License-Identifier: MIT
"""In dsr the server wrote the quoted packet itself, and gets the error as it is."""
from frames import *


def write(case):
    port = arm(case, VIP)
    ends = ((CLIENT, 40000), (VIP, 8000))
    port.send(frame((CLIENT_MAC, CLEAT), ends, UDP() / b"play"))
    port.expect(frame((CLEAT, BACKEND_MAC), ends, UDP() / b"play", ttl=63))
    answer = frame((BACKEND_MAC, CLIENT_MAC), (ends[1], ends[0]), UDP() / (b"x" * 1400))
    for kind in (ICMP(type=3, code=4, nexthopmtu=1300), ICMP(type=3, code=3)):
        error = ip(FAR_CLIENT, VIP) / kind / Raw(bytes(answer)[14:562])
        port.send(Ether(src=GATEWAY_MAC, dst=CLEAT) / error)
        passed_on = error.copy()
        passed_on.ttl = 63
        port.expect(Ether(src=CLEAT, dst=BACKEND_MAC) / passed_on)
