# SPDX-License-Identifier: MIT
"""A service of any port takes every port but those of exact services on the same VIP."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    for lip_port, vip_port, backend_port in ((1024, 1, 1), (1025, 65535, 65535), (1026, 443, 8443)):
        talk = Talk(client=(CLIENT, 40000), vip=(VIP, vip_port), lip=(LIP, lip_port), backend=(BACKEND, backend_port))
        talk.forward(port, TCP(flags="S", seq=1000))
        talk.back(port, TCP(flags="SA", seq=5000, ack=1001))
