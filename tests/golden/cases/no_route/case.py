# SPDX-License-Identifier: MIT
"""Without a gateway there is no way back to a client beyond the port's network."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    talk = Talk(client=(FAR_CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    talk.forward(port, UDP() / b"from a far client")
    port.send(talk.reply(UDP() / b"and back"))
    case.drops("no_route")
