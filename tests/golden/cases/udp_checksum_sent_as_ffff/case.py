# SPDX-License-Identifier: MIT
"""A UDP checksum that comes out as zero is sent as ffff (RFC 768), or the server would take it for none."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))

    # The payload that makes the sum of the datagram at the backend come out as all ones.
    sent = Ether(bytes(talk.request_out(UDP() / b"\0\0")))
    payload = sent[UDP].chksum.to_bytes(2, "big")
    assert Ether(bytes(talk.request_out(UDP() / payload)))[UDP].chksum == 0xffff
    talk.forward(port, UDP() / payload)
