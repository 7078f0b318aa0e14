# SPDX-License-Identifier: MIT
"""Addresses and frames of the golden cases, for case.py; everything is scapy's.

One arm, as in most cases: port `arm` is 10.10.0.2/24 and 2001:db8:10::2/64, the client, the gateway and the backends are on
its network.
"""
# pylint: disable=unused-import
import socket
import struct

from scapy.layers.inet import (ICMP, IP, TCP, UDP, IPOption, IPOption_NOP, IPOption_Router_Alert, IPOption_Timestamp,
                               fragment)
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6PacketTooBig, ICMPv6TimeExceeded,
                                ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, fragment6)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

# Cleat's ports have the addresses that DPDK's net_pcap gives them.
CLEAT, CLEAT_INSIDE = "02:70:63:61:70:00", "02:70:63:61:70:01"
CLIENT_MAC, GATEWAY_MAC = "02:00:00:00:00:50", "02:00:00:00:00:01"
BACKEND_MAC, BACKEND2_MAC = "02:00:00:00:00:11", "02:00:00:00:00:12"
BROADCAST = "ff:ff:ff:ff:ff:ff"

PORT, VIP, LIP, LIP2 = "10.10.0.2", "10.10.0.100", "10.10.0.200", "10.10.0.201"
CLIENT, FAR_CLIENT = "10.10.0.50", "198.51.100.7"
BACKEND, BACKEND2 = "10.10.0.11", "10.10.0.12"
PORT6, VIP6, LIP6 = "2001:db8:10::2", "2001:db8:10::100", "2001:db8:10::200"
CLIENT6, BACKEND6 = "2001:db8:10::50", "2001:db8:10::11"


def ip(source, destination, ttl=64, **fields):
    """An IPv4 or IPv6 header."""
    if ":" in source:
        return IPv6(src=source, dst=destination, hlim=ttl, **fields)
    return IP(src=source, dst=destination, ttl=ttl, **{"id": 0x1234, "flags": "DF", **fields})


def with_ports(l4, source, destination):
    """The same TCP or UDP layer and payload with these ports."""
    l4 = l4.copy()
    l4.sport, l4.dport = source, destination
    return l4


def frame(macs, ends, l4, **fields):
    """macs: (from, to). ends: ((address, port), (address, port)). fields: of the IP header."""
    (source, source_port), (destination, destination_port) = ends
    return Ether(src=macs[0], dst=macs[1]) / ip(source, destination, **fields) / with_ports(
        l4, source_port, destination_port)


class Talk:
    """One flow through nat: what each side sends, and what the other must get."""

    def __init__(self, client, vip, lip, backend, client_mac=CLIENT_MAC, backend_mac=BACKEND_MAC, outside=CLEAT,
                 inside=CLEAT):
        self.client, self.vip, self.lip, self.backend = client, vip, lip, backend
        self.client_mac, self.backend_mac = client_mac, backend_mac
        self.outside, self.inside = outside, inside

    def request(self, l4, **fields):
        return frame((self.client_mac, self.outside), (self.client, self.vip), l4, **fields)

    def request_out(self, l4, ttl=63, **fields):
        return frame((self.inside, self.backend_mac), (self.lip, self.backend), l4, ttl=ttl, **fields)

    def reply(self, l4, **fields):
        return frame((self.backend_mac, self.inside), (self.backend, self.lip), l4, **fields)

    def reply_out(self, l4, ttl=63, **fields):
        return frame((self.outside, self.client_mac), (self.vip, self.client), l4, ttl=ttl, **fields)

    def forward(self, port, l4, out=None, ttl=64, **fields):
        """The client sends l4 on a port and the backend gets it on the same one, or on `out`."""
        port.send(self.request(l4, ttl=ttl, **fields))
        (out or port).expect(self.request_out(l4, ttl=ttl - 1, **fields))

    def back(self, port, l4, out=None, ttl=64, **fields):
        """The backend answers with l4 and the client gets it."""
        port.send(self.reply(l4, ttl=ttl, **fields))
        (out or port).expect(self.reply_out(l4, ttl=ttl - 1, **fields))


def in_pieces(datagram, number, size=1400):
    """The pieces of a UDP datagram that was built whole, which has its checksum from before; `number` is its identification."""
    ether, packet = datagram.copy(), datagram[1].copy()
    ether.remove_payload()
    if IPv6 not in packet:
        packet.id, packet.flags = number, 0
        return [ether / piece for piece in fragment(packet, fragsize=size)]
    packet = IPv6(bytes(packet))
    upper = packet.payload
    packet.remove_payload()
    del packet.plen, packet.nh
    return [ether / piece for piece in fragment6(packet / IPv6ExtHdrFragment(id=number) / upper, size)]


def proxy_v2(client, vip):
    """The header by which a server hears of a client (haproxy's proxy-protocol.txt, section 2.2). client, vip: (address, port)"""
    family, kind = (socket.AF_INET6, 0x21) if ":" in client[0] else (socket.AF_INET, 0x11)
    ends = b"".join(socket.inet_pton(family, address) for address, _ in (client, vip))
    body = ends + struct.pack("!HH", client[1], vip[1])
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, kind, len(body)) + body


def proxied_exchange(case, port, talk, mss):
    """A connection to a service with the header. The first one is lost, and with it the handshake's ACK."""
    header, get = proxy_v2(talk.client, talk.vip), b"GET / HTTP/1.1\r\n\r\n"
    behind = 1001 + len(header)

    def request(sent, seen):
        port.send(talk.request(sent))
        port.expect(talk.request_out(seen, ttl=63))
        case.next_burst(port)

    def reply(sent, seen):
        port.send(talk.reply(sent))
        port.expect(talk.reply_out(seen, ttl=63))
        case.next_burst(port)

    def both(move, **fields):
        move(TCP(**fields), TCP(**fields))

    def syn_ack(most, window):
        return TCP(flags="SA", seq=5000, ack=1001, window=window, options=[("MSS", most), ("WScale", 4)])

    def blocks(*numbers):
        return [("NOP", None), ("NOP", None), ("SAck", numbers)]

    # Data in a SYN comes again behind the header.
    request(TCP(flags="S", seq=1000, options=[("MSS", mss)]) / b"early", TCP(flags="S", seq=1000, options=[("MSS", mss)]))
    for _ in range(2):
        reply(syn_ack(mss, 64000), syn_ack(mss - len(header), 64000 - len(header)))
        request(TCP(flags="A", seq=1001, ack=5001), TCP(flags="PA", seq=1001, ack=5001) / header)
    request(TCP(flags="PA", seq=1001, ack=5001) / get, TCP(flags="PA", seq=1001, ack=5001) / (header + get))
    # A keep-alive of a client who knows nothing of it, then what the server says to the header and to its second copy.
    request(TCP(flags="A", seq=1000, ack=5001), TCP(flags="PA", seq=1001, ack=5001) / header)
    reply(TCP(flags="A", seq=5001, ack=behind, window=500), TCP(flags="A", seq=5001, ack=1001, window=500))
    reply(TCP(flags="A", seq=5001, ack=behind + len(get), window=500, options=blocks(1001, behind)),
          TCP(flags="A", seq=5001, ack=1001 + len(get), window=500, options=[("NOP", None)] * 12))
    # A segment in between was lost.
    request(TCP(flags="A", seq=1101, ack=5001) / b"later", TCP(flags="A", seq=1101 + len(header), ack=5001) / b"later")
    reply(TCP(flags="A", seq=5001, ack=behind + len(get), options=blocks(1101 + len(header), 1106 + len(header))) / b"odd",
          TCP(flags="A", seq=5001, ack=1001 + len(get), options=blocks(1101, 1106)) / b"odd")
    request(TCP(flags="A", seq=1000, ack=5004), TCP(flags="A", seq=behind - 1, ack=5004))
    request(TCP(flags="FA", seq=1106, ack=5004), TCP(flags="FA", seq=1106 + len(header), ack=5004))
    reply(TCP(flags="FA", seq=5004, ack=1107 + len(header)), TCP(flags="FA", seq=5004, ack=1107))
    both(reply, flags="R", seq=5005)


def told(ends, mac, icmp, about, cleat=CLEAT, quoted=None):
    """An ICMP error of Cleat's own, or one that it passes on. ends: (from, to) addresses; about: the frame it speaks of, of which
    the first `quoted` bytes behind the Ethernet header are quoted."""
    source, destination = ends
    most = 1232 if ":" in source else 548
    quote = bytes(about)[14:][:quoted if quoted is not None else most]
    outer = ip(source, destination) if ":" in source else IP(src=source, dst=destination, id=0, flags=0)
    return Ether(src=cleat, dst=mac) / outer / icmp / Raw(quote)


def arp_announcement(mac, address):
    """Gratuitous ARP (RFC 5227 section 3)."""
    return Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=address, hwdst="00:00:00:00:00:00", pdst=address)


def neighbour_announcement(mac, address):
    """Unsolicited neighbour advertisement (RFC 4861 section 7.2.6)."""
    return (Ether(src=mac, dst="33:33:00:00:00:01") / IPv6(src=address, dst="ff02::1", hlim=255) /
            ICMPv6ND_NA(tgt=address, R=0, S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac))


def arm(case, *addresses):
    """The port of a case with one arm, on which Cleat announces these VIPs and LIPs at its start: VIPs in the order of the
    services, then LIPs."""
    return announcing(case, "arm", CLEAT, *addresses)


def announcing(case, name, mac, *addresses):
    port = case.port(name)
    for address in addresses:
        port.expect((neighbour_announcement if ":" in address else arp_announcement)(mac, address))
    return port
