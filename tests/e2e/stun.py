# SPDX-License-Identifier: MIT
"""STUN Binding requests (RFC 8489, RFC 8445) as bytes, and a stranger who sends what he likes from a namespace.

As a program it is the stranger: stun.py ADDRESS PORT ANSWERS HEX... sends each HEX as a datagram from one socket, waits
for so many answers and prints them likewise. stun.py press ADDRESS PORT SECONDS HEX... sends them again and again from one
socket, ten a second, and prints how many it sent and how many bytes came to it.
"""
import hashlib
import hmac
import os
import socket
import struct
import sys
import time
import zlib

_COOKIE = 0x2112A442
_DEADLINE_S = 5
REQUEST, SUCCESS = 0x0001, 0x0101
USERNAME, INTEGRITY, USE_CANDIDATE, FINGERPRINT = 0x0006, 0x0008, 0x0025, 0x8028


def binding_request(username, pwd):
    """A signed one that nominates."""
    body = _attribute(USERNAME, username.encode()) + _attribute(USE_CANDIDATE, b"")
    transaction = os.urandom(12)
    body += _attribute(INTEGRITY, hmac.digest(pwd.encode(), _header(len(body) + 24, transaction) + body, hashlib.sha1))
    return _with_fingerprint(body, transaction)


def attributes(message):
    """{type: value} of a message, and its kind."""
    kind, length, cookie = struct.unpack_from("!HHI", message)
    assert cookie == _COOKIE and len(message) == 20 + length, message.hex()
    found, at = {}, 20
    while at < len(message):
        name, size = struct.unpack_from("!HH", message, at)
        found[name] = message[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
    return kind, found


def transaction_of(message):
    return message[8:20]


def tell(space, address, port, datagrams, answers):
    """Sends them in order from one socket in the namespace, and returns that many answers."""
    done = space.call(sys.executable, "-B", __file__, address, port, answers, *(d.hex() for d in datagrams))
    return [bytes.fromhex(line) for line in done.stdout.split()]


def press_words(address, port, seconds, datagrams):
    """The words of a program that presses so; its output is "SENT BYTES"."""
    return [sys.executable, "-B", __file__, "press", address, port, seconds, *(d.hex() for d in datagrams)]


def _attribute(name, value):
    return struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4)


def _header(length, transaction):
    return struct.pack("!HHI", REQUEST, length, _COOKIE) + transaction


def _with_fingerprint(body, transaction):
    message = _header(len(body) + 8, transaction) + body
    return message + _attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(message) ^ 0x5354554E))


def _connected(address, port, timeout_s):
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(timeout_s)
    sock.connect((address, int(port)))
    return sock


def _press(address, port, seconds, *datagrams):
    sent, came, end = 0, 0, time.monotonic() + float(seconds)
    with _connected(address, port, 0.1) as sock:
        while time.monotonic() < end:
            sock.send(bytes.fromhex(datagrams[sent % len(datagrams)]))
            sent += 1
            try:
                came += len(sock.recv(2048))
            except TimeoutError:
                pass
    print(sent, came)


def _main():
    if sys.argv[1] == "press":
        return _press(*sys.argv[2:])
    address, port, answers, *datagrams = sys.argv[1:]
    with _connected(address, port, _DEADLINE_S) as sock:
        for datagram in datagrams:
            sock.send(bytes.fromhex(datagram))
        for _ in range(int(answers)):
            print(sock.recv(2048).hex())


if __name__ == "__main__":
    _main()
