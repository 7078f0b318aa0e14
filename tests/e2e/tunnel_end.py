# SPDX-License-Identifier: MIT
"""A backend's end of Cleat's tunnels, for kernels without ipip, ip6tnl and fou: takes the outer header off and hands the packet to
the kernel by a TUN device.

Imported, it starts itself in a backend's namespace; as a program it is what runs there. It takes 4in4 and 6in4 (raw sockets of
protocol 4 and 41 over IPv4), 4in6 and 6in6 (the same over IPv6), and GUE of variant 1 on UDP port 6080 of both.
"""
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
from pathlib import Path

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454ca, 0x0001, 0x1000
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h; Python has no name for it
_GUE_PORT, _RECEIVE_BYTES = 6080, 16 << 20


def start(run, space):
    """Returns when it takes packets."""
    from lab.child import Child
    child = Child(run, f"tunnel-{space.name}", [sys.executable, "-B", Path(__file__)], space)
    child.wait_until(lambda: "ready" in child.log(), "it was ready")
    return child


def _tun():
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH", b"cleat-end", _IFF_TUN | _IFF_NO_PI))
    subprocess.run(["ip", "link", "set", "cleat-end", "up"], check=True)
    return tun


def _sockets():
    """[(socket, whether it shows the outer IPv4 header)]"""
    made = []
    for protocol in (4, 41):
        made += [(socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol), True),
                 (socket.socket(socket.AF_INET6, socket.SOCK_RAW, protocol), False)]
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        gue = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            gue.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        gue.bind((address, _GUE_PORT))
        made.append((gue, False))
    for each, _ in made:
        each.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BYTES)
    return made


def main():
    tun, poll, shows_header = _tun(), select.epoll(), {}
    sockets = {}
    for each, header in _sockets():
        sockets[each.fileno()], shows_header[each.fileno()] = each, header
        poll.register(each, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        for number, _ in poll.poll():
            packet = sockets[number].recv(65535)
            os.write(tun, packet[(packet[0] & 15) * 4:] if shows_header[number] else packet)


if __name__ == "__main__":
    main()
