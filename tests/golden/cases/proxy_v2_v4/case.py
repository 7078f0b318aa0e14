# SPDX-License-Identifier: MIT
"""A PROXY v2 header of a client over IPv4 goes before the stream; the first one is lost."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(CLIENT, 40000), vip=(VIP, 80), lip=(LIP, 1024), backend=(BACKEND, 80))
    proxied_exchange(case, port, talk, 1460)
