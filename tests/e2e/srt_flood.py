# SPDX-License-Identifier: MIT
"""SRT INDUCTIONs from forged addresses of 10.99.0.0/16: srt_flood.py VIP PORT COUNT A_SECOND. Prints how many it sent."""
import socket
import struct
import sys
import time

_FROM = 40000


def induction(number):
    """draft-sharabayko-srt-01, section 3.2.1: version 4, type INDUCTION; the socket is the number."""
    return struct.pack("!HHIII IHHIIIIII 16x", 0x8000, 0, 0, 0, 0, 4, 0, 2, number, 1500, 8192, 1, number, 0)


def datagram(number, vip, port):
    source = bytes([10, 99, number >> 8 & 255, number & 255])
    payload = induction(number)
    udp = struct.pack("!HHHH", _FROM + (number >> 16), port, 8 + len(payload), 0) + payload
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, socket.IPPROTO_UDP, 0, source, socket.inet_aton(vip)) + udp


def main(vip, port, count, a_second):
    out, begin = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW), time.monotonic()
    for number in range(1, count + 1):
        out.sendto(datagram(number, vip, port), (vip, 0))
        if number % 100 == 0:
            time.sleep(max(0, begin + number / a_second - time.monotonic()))
    print(f"{count} sent in {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
