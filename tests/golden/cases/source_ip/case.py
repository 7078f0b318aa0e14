# SPDX-License-Identifier: MIT
"""With source-ip one client has one backend in all services of a pool; the next client has the next (wrr)."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)

    def client(address, mac, port_number, tcp_lip, udp_lip, backend, backend_mac):
        ends = {"client": (address, port_number), "client_mac": mac, "backend_mac": backend_mac}
        Talk(vip=(VIP, 80), lip=(LIP, tcp_lip), backend=(backend, 80), **ends).forward(port, TCP(flags="S", seq=1))
        Talk(vip=(VIP, 8000), lip=(LIP, udp_lip), backend=(backend, 8000), **ends).forward(port, UDP() / b"media")

    client(CLIENT, CLIENT_MAC, 40000, 1024, 1024, BACKEND, BACKEND_MAC)
    client(FAR_CLIENT, GATEWAY_MAC, 40000, 1025, 1025, BACKEND2, BACKEND2_MAC)
    client(CLIENT, CLIENT_MAC, 40001, 1026, 1026, BACKEND, BACKEND_MAC)
    client(FAR_CLIENT, GATEWAY_MAC, 40001, 1027, 1027, BACKEND2, BACKEND2_MAC)
