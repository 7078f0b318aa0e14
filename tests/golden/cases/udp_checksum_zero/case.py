# SPDX-License-Identifier: MIT
"""A UDP checksum of zero means none (RFC 768) and stays zero on IPv4, both ways."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP(chksum=0) / b"no checksum")
    talk.back(port, UDP(chksum=0) / b"none either")
    talk.forward(port, UDP() / b"with one")
