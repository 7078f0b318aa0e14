# SPDX-License-Identifier: MIT
"""Three ports on one device, two with a VLAN: each frame leaves with the tag of its port, or with none."""
from frames import *

OUTSIDE, INSIDE = 100, 200


def tagged(frame, vlan, **fields):
    """The same frame with a tag."""
    return Ether(src=frame.src, dst=frame.dst) / Dot1Q(vlan=vlan, **fields) / frame[1].copy()


def write(case):
    wire = case.port("outside")
    for vlan, address in ((OUTSIDE, VIP), (OUTSIDE, VIP6.replace("20::", "10::")), (INSIDE, "10.20.0.101"),
                          (INSIDE, "10.20.0.200"), (INSIDE, "2001:db8:20::200")):
        told = (neighbour_announcement if ":" in address else arp_announcement)(CLEAT, address)
        wire.expect(tagged(told, vlan))
    macs = {"client_mac": GATEWAY_MAC, "outside": CLEAT, "inside": CLEAT}
    tcp = Talk(client=(FAR_CLIENT, 40000), vip=(VIP, 80), lip=("10.20.0.200", 1024), backend=("10.20.0.11", 80), **macs)
    six = Talk(client=("2001:db8:99::7", 40000), vip=(VIP6, 80), lip=("2001:db8:20::200", 1024),
               backend=("2001:db8:20::11", 80), **macs)
    for talk in (tcp, six):
        for l4 in (TCP(flags="S", seq=1000), TCP(flags="A", seq=1001, ack=5001)):
            # Priority and drop eligibility are the sender's switch's business.
            wire.send(tagged(talk.request(l4), OUTSIDE, prio=5, id=1))
            wire.expect(tagged(talk.request_out(l4), INSIDE))
            back = TCP(flags="SA", seq=5000, ack=1001)
            wire.send(tagged(talk.reply(back), INSIDE))
            wire.expect(tagged(talk.reply_out(back), OUTSIDE))
    # dsr within one VLAN
    ends = (("10.20.0.50", 50000), ("10.20.0.101", 8000))
    wire.send(tagged(frame((CLIENT_MAC, CLEAT), ends, UDP() / b"near"), INSIDE))
    wire.expect(tagged(frame((CLEAT, BACKEND_MAC), ends, UDP() / b"near", ttl=63), INSIDE))
    # Cleat answers in the VLAN of the question, and only where the address is.
    asked = ARP(op=1, hwsrc=GATEWAY_MAC, psrc="10.10.0.1", pdst=VIP)
    wire.send(tagged(Ether(src=GATEWAY_MAC, dst=BROADCAST) / asked, OUTSIDE))
    wire.expect(tagged(Ether(src=CLEAT, dst=GATEWAY_MAC) / ARP(op=2, hwsrc=CLEAT, psrc=VIP, hwdst=GATEWAY_MAC,
                                                               pdst="10.10.0.1"), OUTSIDE))
    case.consumes()
    # No port has these: the port without a VLAN leaves them to the kernel; so does it with what is its own.
    wire.send(tagged(tcp.request(TCP(flags="S", seq=1000)), 101))
    wire.send(frame((CLIENT_MAC, CLEAT), (("10.30.0.9", 53), ("10.30.0.2", 5353)), UDP() / b"dns"))
    case.punts(2)
    case.only("replay", "cleatd sends what a burst has for one port before what it has for the next, whose device it is, too")
