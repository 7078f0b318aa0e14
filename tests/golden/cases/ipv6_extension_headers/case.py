# SPDX-License-Identifier: MIT
"""IPv6 extension headers (hop-by-hop, destination options, routing) are walked past and kept."""
from frames import *


def send_and_expect(port, talk, extensions, l4):
    """As Talk.forward(), with extension headers between IPv6 and layer 4."""
    for there, send in ((talk.request(l4), True), (talk.request_out(l4), False)):
        header = there[IPv6]
        upper = header.payload
        header.remove_payload()
        packet = there / extensions / upper
        (port.send if send else port.expect)(packet)


def write(case):
    port = arm(case, VIP6, LIP6)
    tcp = Talk(client=(CLIENT6, 40000), vip=(VIP6, 80), lip=(LIP6, 1024), backend=(BACKEND6, 80))
    udp = Talk(client=(CLIENT6, 50000), vip=(VIP6, 8000), lip=(LIP6, 1024), backend=(BACKEND6, 8000))
    hop_by_hop = IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)])
    options = IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)])
    send_and_expect(port, tcp, hop_by_hop, TCP(flags="S", seq=1000))
    send_and_expect(port, tcp, hop_by_hop / options, TCP(flags="A", seq=1001, ack=5001))
    send_and_expect(port, udp, options, UDP() / b"datagram")
    # Segments left 0: it has arrived.
    send_and_expect(port, udp, IPv6ExtHdrRouting(type=4, segleft=0, reserved=0), UDP() / b"routed")
