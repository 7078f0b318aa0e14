# SPDX-License-Identifier: MIT
"""All that is not Cleat's own goes to the kernel: the port's address, other addresses, groups, other protocols."""
from frames import *


def write(case):
    port = arm(case, VIP, LIP)
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 40000), (PORT, 22)), TCP(flags="S")))
    port.send(frame((CLIENT_MAC, CLEAT), ((CLIENT, 40000), ("192.0.2.1", 80)), TCP(flags="S")))
    port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / ip(CLIENT, PORT) / ICMP(type=8))
    # OSPF, IGMP, mDNS and router advertisements come to groups, DHCP to everybody.
    port.send(Ether(src=CLIENT_MAC, dst="01:00:5e:00:00:05") / ip(CLIENT, "224.0.0.5", ttl=1, proto=89) / Raw(b"\0" * 24))
    port.send(frame((CLIENT_MAC, "01:00:5e:00:00:fb"), ((CLIENT, 5353), ("224.0.0.251", 5353)), UDP() / b"?"))
    port.send(frame((CLIENT_MAC, BROADCAST), (("0.0.0.0", 68), ("255.255.255.255", 67)), UDP() / b"?"))
    port.send(Ether(src=CLIENT_MAC, dst="33:33:00:00:00:01") / IPv6(src="fe80::1", dst="ff02::1") / Raw(b"\x86" + b"\0" * 15))
    # LLDP and a VLAN tag
    port.send(Ether(src=CLIENT_MAC, dst="01:80:c2:00:00:0e", type=0x88cc) / Raw(b"\x02\x07\x04"))
    port.send(Ether(src=CLIENT_MAC, dst=CLEAT) / Dot1Q(vlan=5) / ip(CLIENT, VIP) / TCP(dport=80, flags="S"))
    case.punts(9)
