# SPDX-License-Identifier: MIT
"""A flood of Binding requests with invented USERNAMEs: stun_flood.py ADDRESS PORT COUNT A_SECOND

Each bears a ufrag pair that nobody has, and comes from one of 250 ports, so many a second if the machine can. Sends COUNT and
goes on until SIGTERM; then prints how many it sent.
"""
import os
import signal
import socket
import struct
import sys
import time
import zlib

_COOKIE, _PORTS = 0x2112A442, 250


def request(number):
    name = f"{number & 0xffffffff:08x}:evil".encode()
    username = struct.pack("!HH", 0x0006, len(name)) + name + bytes(-len(name) % 4)
    head = struct.pack("!HHI", 0x0001, len(username) + 8, _COOKIE) + os.urandom(12)
    return head + username + struct.pack("!HHI", 0x8028, 4, zlib.crc32(head + username) ^ 0x5354554E)


def flood(address, port, count, a_second):
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    sockets = []
    for _ in range(_PORTS):
        each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        each.connect((address, port))
        sockets.append(each)
    begin, salt, sent, number = time.monotonic(), int.from_bytes(os.urandom(4), "big"), 0, 0
    while not told or number < count:
        try:
            sockets[number % _PORTS].send(request(salt + number))
            sent += 1
        except OSError:  # an ICMP error of an earlier one, or a full queue
            pass
        number += 1
        if number % 100 == 0 and (ahead := begin + number / a_second - time.monotonic()) > 0:
            time.sleep(ahead)
    return sent


if __name__ == "__main__":
    print(flood(sys.argv[1], *map(int, sys.argv[2:])))
