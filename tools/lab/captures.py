# SPDX-License-Identifier: MIT
"""Captures of UDP frames: written for DPDK's net_pcap, and read back from what it wrote."""
import ipaddress
import random
import struct
from typing import NamedTuple

_FILE = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_ENDS_AT = 26  # in a frame: both IPv4 addresses, both ports
_LEAST_PORT, _PORTS = 1024, 64512


class Ends(NamedTuple):
    """Where a datagram comes from and goes to: addresses as numbers."""
    source: int
    source_port: int
    destination: int
    destination_port: int

    def back(self):
        return Ends(self.destination, self.destination_port, self.source, self.source_port)


def address(text):
    return int(ipaddress.IPv4Address(text))


def clients(count, destination, port, seed=1):
    """So many datagrams from as many random addresses and ports of 100.64.0.0/10 to one, in an order that is random, too."""
    rng = random.Random(seed)
    first, target = address("100.64.0.0"), address(destination)
    return [Ends(first + n // _PORTS, _LEAST_PORT + n % _PORTS, target, port)
            for n in rng.sample(range(_PORTS << 22), count)]


def write_capture(path, source_mac, destination_mac, all_ends, frame_bytes):
    """frame_bytes: of each frame, without its checksum; at least 42."""
    head = bytes.fromhex((destination_mac + source_mac).replace(":", "")) + b"\x08\x00"
    record = struct.pack("<IIII", 0, 0, frame_bytes, frame_bytes)
    ip_length, udp_length = frame_bytes - 14, frame_bytes - 34
    payload = bytes(udp_length - 8)
    ip = struct.pack(">BBHHHBB", 0x45, 0, ip_length, 0, 0x4000, 64, 17)
    ip_sum, udp_sum = _words(ip), 17 + 2 * udp_length
    with open(path, "wb") as file:
        file.write(_FILE)
        for ends in all_ends:
            addresses = struct.pack(">II", ends.source, ends.destination)
            ports = struct.pack(">HH", ends.source_port, ends.destination_port)
            both = _words(addresses)
            udp = struct.pack(">HH", udp_length, _folded(udp_sum + both + _words(ports)) or 0xFFFF)
            file.write(record + head + ip + struct.pack(">H", _folded(ip_sum + both)) + addresses + ports + udp + payload)


def read_ends(path):
    """Of each UDP datagram in the capture, in its order; other frames are left out."""
    with open(path, "rb") as file:
        data = file.read()
    found, at = [], len(_FILE)
    while at < len(data):
        captured = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + captured]
        if frame[12:15] == b"\x08\x00\x45" and frame[23] == 17:
            source, destination, *ports = struct.unpack_from(">IIHH", frame, _ENDS_AT)
            found.append(Ends(source, ports[0], destination, ports[1]))
        at += 16 + captured
    return found


def _words(data):
    return sum(struct.unpack(f">{len(data) // 2}H", data))


def _folded(total):
    """RFC 1071."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
