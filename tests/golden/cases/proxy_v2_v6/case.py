# SPDX-License-Identifier: MIT
"""A PROXY v2 header of a client over IPv6 goes before the stream; the first one is lost."""
from frames import *


def write(case):
    port = arm(case, VIP6, LIP6)
    talk = Talk(client=(CLIENT6, 40000), vip=(VIP6, 80), lip=(LIP6, 1024), backend=(BACKEND6, 80))
    proxied_exchange(case, port, talk, 1440)
