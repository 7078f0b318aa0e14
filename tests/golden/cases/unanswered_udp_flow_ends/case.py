# SPDX-License-Identifier: MIT
"""A UDP flow that no backend answered is forgotten after seconds; an answered one after its idle time-out."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    answered = Talk(client=(CLIENT, 50000), vip=(VIP, 8000), lip=(LIP, 1024), backend=(BACKEND, 8000))
    silent = Talk(client=(CLIENT, 50001), vip=(VIP, 8000), lip=(LIP, 1025), backend=(BACKEND, 8000))
    answered.forward(port, UDP() / b"hello")
    answered.back(port, UDP() / b"hello yourself")
    silent.forward(port, UDP() / b"anybody?")
    case.at(30_000)
    answered.back(port, UDP() / b"still there")
    port.send(silent.reply(UDP() / b"too late"))
    case.at(120_000)
    port.send(answered.reply(UDP() / b"too late"))
    case.drops("reply_without_slot", 2)
    case.only("replay", "it takes two minutes of the capture's time")
