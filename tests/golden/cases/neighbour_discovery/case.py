# SPDX-License-Identifier: MIT
"""Cleat answers neighbour solicitations for its VIPs and LIPs, also those of duplicate address detection."""
from frames import *

ALL_NODES, ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"


def solicitation(target, source=CLIENT6, group=None, group_mac=None, option=True):
    group = group or "ff02::1:ff00:" + target[-3:]
    group_mac = group_mac or "33:33:ff:00:0" + target[-3] + ":" + target[-2:]
    packet = Ether(src=CLIENT_MAC, dst=group_mac) / IPv6(src=source, dst=group, hlim=255) / ICMPv6ND_NS(tgt=target)
    return packet / ICMPv6NDOptSrcLLAddr(lladdr=CLIENT_MAC) if option else packet


def advertisement(address, to=CLIENT6, mac=CLIENT_MAC, solicited=1):
    return (Ether(src=CLEAT, dst=mac) / IPv6(src=address, dst=to, hlim=255) /
            ICMPv6ND_NA(tgt=address, R=0, S=solicited, O=1) / ICMPv6NDOptDstLLAddr(lladdr=CLEAT))


def write(case):
    port = arm(case, VIP6, LIP6)
    port.send(solicitation(VIP6))
    port.expect(advertisement(VIP6))
    port.send(solicitation(LIP6))
    port.expect(advertisement(LIP6))
    # Reachability is asked for without a group (RFC 4861 section 7.2.2), and may come without the option.
    port.send(solicitation(VIP6, group=VIP6, group_mac=CLEAT, option=False))
    port.expect(advertisement(VIP6))
    # Duplicate address detection has no address to answer to (RFC 4861 section 7.2.4).
    port.send(solicitation(VIP6, source="::", option=False))
    port.expect(advertisement(VIP6, to=ALL_NODES, mac=ALL_NODES_MAC, solicited=0))
    case.consumes(4)
    # Its own address is the kernel's.
    port.send(solicitation(PORT6, group="ff02::1:ff00:2", group_mac="33:33:ff:00:00:02"))
    case.punts()
