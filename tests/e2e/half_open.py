# SPDX-License-Identifier: MIT
"""Clients of 10.99.0.0/16 or fd99::/64 that begin a TCP connection and do not go on: half_open.py VIP PORT COUNT A_SECOND [TEXT]

Each has an address of its own and sends a SYN; with a TEXT it also acknowledges the answer and says that. Prints, as JSON, how many
were answered, how many had their text acknowledged, and how many were reset, once all were reset or no more has come for 5 s. The
kernel must hear none of it, or it resets what it does not know.
"""
import json
import select
import socket
import struct
import sys
import time

_ETH_P_IP, _ETH_P_IPV6, _SO_RCVBUFFORCE = 0x0800, 0x86dd, 33  # linux/if_ether.h, asm-generic/socket.h
_SYN, _RST, _PUSH, _ACK = 2, 4, 8, 16
_PORT, _BEGIN = 40000, 1_000_000  # of each client: its port, the number of its SYN
_QUIET_S = 5


class _Ipv4:
    family, kind = socket.AF_INET, _ETH_P_IP

    @staticmethod
    def client(number):
        return bytes([10, 99, number >> 8, number & 255])

    @staticmethod
    def head(client, vip, length):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0x4000, 64, socket.IPPROTO_TCP, 0, client, vip)

    @staticmethod
    def parts(packet):
        """(protocol, source, destination, what is in it)"""
        return packet[9], packet[12:16], packet[16:20], packet[(packet[0] & 15) * 4:]


class _Ipv6:
    family, kind = socket.AF_INET6, _ETH_P_IPV6

    @staticmethod
    def client(number):
        return bytes([0xfd, 0x99]) + number.to_bytes(14, "big")

    @staticmethod
    def head(client, vip, length):
        return struct.pack("!IHBB16s16s", 6 << 28, length, socket.IPPROTO_TCP, 64, client, vip)

    @staticmethod
    def parts(packet):
        return packet[6], packet[8:24], packet[24:40], packet[40:]


class Clients:
    def __init__(self, vip, port, text):
        self._ip = _Ipv6 if ":" in vip else _Ipv4
        self._vip, self._port, self._text = socket.inet_pton(self._ip.family, vip), port, text
        self._out = socket.socket(self._ip.family, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._in = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(self._ip.kind))
        self._in.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._in.setblocking(False)
        self.answered, self.heard, self.reset = set(), set(), set()
        self.last = time.monotonic()

    def begin(self, number):
        self._send(self._ip.client(number), _BEGIN, 0, _SYN)

    def listen(self, seconds):
        """Takes what comes, for so long."""
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            if not select.select([self._in], [], [], left_s)[0]:
                return
            try:
                for _ in range(64):
                    self._take(self._in.recv(2048))
            except BlockingIOError:
                pass

    def _take(self, packet):
        protocol, source, client, tcp = self._ip.parts(packet)
        if protocol != socket.IPPROTO_TCP or source != self._vip:
            return
        sequence, acknowledged, _, flags = struct.unpack_from("!IIBB", tcp, 4)
        self.last = time.monotonic()
        if flags & _RST:
            self.reset.add(client)
        elif flags & _SYN:
            self.answered.add(client)
            if self._text:
                self._send(client, _BEGIN + 1, sequence + 1 & 0xFFFFFFFF, _ACK | _PUSH, self._text)
        elif acknowledged == _BEGIN + 1 + len(self._text):
            self.heard.add(client)

    def _send(self, client, sequence, acknowledged, flags, text=b""):
        tcp = struct.pack("!HHIIBBHHH", _PORT, self._port, sequence, acknowledged, 5 << 4, flags, 65535, 0, 0) + text
        # RFC 9293 section 3.1; RFC 8200 section 8.1 makes the same sum of it
        pseudo = client + self._vip + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", _sum(pseudo + tcp)) + tcp[18:]
        self._out.sendto(self._ip.head(client, self._vip, len(tcp)) + tcp, (socket.inet_ntop(self._ip.family, self._vip), 0))


def _sum(data):
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def main(vip, port, count, a_second, text=""):
    clients, begin = Clients(vip, port, text.encode()), time.monotonic()
    for number in range(1, count + 1):
        clients.begin(number)
        if number % 16 == 0:
            clients.listen(max(0, begin + number / a_second - time.monotonic()))
    # Until the last of those that are read has been too slow.
    while len(clients.reset) < len(clients.heard) or time.monotonic() < clients.last + _QUIET_S:
        if time.monotonic() > clients.last + 4 * _QUIET_S:
            break
        clients.listen(0.5)
    print(json.dumps({"answered": len(clients.answered), "heard": len(clients.heard), "reset": len(clients.reset),
                      "reset_unheard": len(clients.reset - clients.heard)}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]), *sys.argv[5:])
