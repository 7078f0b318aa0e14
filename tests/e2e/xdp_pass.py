# SPDX-License-Identifier: MIT
"""Attaches an XDP program of its own, which lets every packet pass, to an interface, and ends: as a firewall would sit there.

xdp_pass.py INTERFACE    bpf(2), and rtnetlink(7)'s IFLA_XDP; the program goes with `ip link set dev INTERFACE xdp off`
"""
import ctypes
import os
import platform
import socket
import struct
import sys

_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
_PROG_LOAD, _TYPE_XDP, _XDP_PASS = 5, 6, 2
_SETLINK, _REQUEST_ACK, _ATTR_XDP, _ATTR_XDP_FD, _NESTED = 19, 0x1 | 0x4, 43, 1, 0x8000


def load(name):
    """Returns the descriptor of `r0 = XDP_PASS; exit`."""
    code = ctypes.create_string_buffer(struct.pack("<BBhi", 0xb7, 0, 0, _XDP_PASS) + struct.pack("<BBhi", 0x95, 0, 0, 0), 16)
    licence = ctypes.create_string_buffer(b"MIT")
    attributes = struct.pack("<IIQQIIQII16s", _TYPE_XDP, 2, ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0, 0, 0,
                             name.encode())
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    descriptor = ctypes.CDLL(None, use_errno=True).syscall(_BPF, _PROG_LOAD, buffer, len(attributes))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "BPF_PROG_LOAD")
    return descriptor


def attach(interface, descriptor):
    attribute = struct.pack("<HHHHi", 12, _ATTR_XDP | _NESTED, 8, _ATTR_XDP_FD, descriptor)
    link = struct.pack("<BxHiII", 0, 0, socket.if_nametoindex(interface), 0, 0)
    message = struct.pack("<IHHII", 16 + len(link) + len(attribute), _SETLINK, _REQUEST_ACK, 1, 0) + link + attribute
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(message)
        error = struct.unpack_from("<i", netlink.recv(4096), 16)[0]
    if error:
        raise OSError(-error, os.strerror(-error), interface)


if __name__ == "__main__":
    attach(sys.argv[1], load("firewall"))
