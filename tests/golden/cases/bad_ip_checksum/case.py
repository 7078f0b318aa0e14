# SPDX-License-Identifier: MIT
"""A packet with a wrong IPv4 header checksum is dropped."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    good = Ether(bytes(talk.request(TCP(flags="S", seq=1000))))
    port.send(talk.request(TCP(flags="S", seq=1000), chksum=good[IP].chksum ^ 0x0100))
    port.send(talk.request(TCP(flags="S", seq=1000), chksum=0))
    case.drops("bad_ip_checksum", 2)
    talk.forward(port, TCP(flags="S", seq=1000))
