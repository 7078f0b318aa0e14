# SPDX-License-Identifier: MIT
"""A client or backend on the port's network is reached directly, one beyond it through the gateway."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    near = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    near.forward(port, TCP(flags="S", seq=1000))
    near.back(port, TCP(flags="SA", seq=5000, ack=1001))
    far = Talk(client=(FAR_CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1025), backend=(BACKEND, 80), client_mac=GATEWAY_MAC)
    far.forward(port, TCP(flags="S", seq=1000))
    far.back(port, TCP(flags="SA", seq=5000, ack=1001))
    backend = Talk(client=(CLIENT, 40000), vip=(VIP, 81), lip=(LIP, 1026), backend=("192.0.2.11", 81),
                   backend_mac=GATEWAY_MAC)
    backend.forward(port, TCP(flags="S", seq=1000))
    backend.back(port, TCP(flags="SA", seq=5000, ack=1001))
