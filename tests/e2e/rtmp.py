# SPDX-License-Identifier: MIT
"""RTMP as far as a test speaks it (Adobe's RTMP 1.0): the handshake, and messages of its own in chunks of 128 bytes.

It reads the messages of servers and clients that do not mix two messages on one chunk stream.
"""
import struct

PORT = 1935
HANDSHAKE = 1536  # bytes of C1, C2, S1 and S2 each
VERSION = b"\3"
CHUNK_SIZE, VIDEO, COMMAND = 1, 9, 20  # types of messages
_CHUNK, _CHUNK_STREAM = 128, 3


def amf(value):
    """AMF 0 of None, a text, a number or a dict."""
    if value is None:
        return b"\5"
    if isinstance(value, str):
        return b"\2" + _key(value)
    if isinstance(value, dict):
        return b"\3" + b"".join(_key(key) + amf(each) for key, each in value.items()) + b"\0\0\t"
    return b"\0" + struct.pack("!d", value)


def _key(text):
    return struct.pack("!H", len(text)) + text.encode()


def message(kind, payload, stream=0):
    head = bytes([_CHUNK_STREAM, 0, 0, 0]) + len(payload).to_bytes(3, "big") + bytes([kind]) + stream.to_bytes(4, "little")
    return head + bytes([0xc0 | _CHUNK_STREAM]).join(payload[at:at + _CHUNK] for at in range(0, len(payload), _CHUNK))


def command(name, transaction, *arguments, stream=0):
    return message(COMMAND, b"".join(map(amf, (name, transaction, *arguments))), stream)


def command_name(payload):
    return payload[3:3 + int.from_bytes(payload[1:3], "big")].decode()


class Reader:
    """read(count): so many bytes, from behind the handshake on."""

    def __init__(self, read):
        self._read, self._chunk, self._streams = read, _CHUNK, {}

    def next(self):
        """(type, payload) of the next message that is whole."""
        while True:
            stream = self._stream()
            stream.payload += self._read(min(self._chunk, stream.length - len(stream.payload)))
            if len(stream.payload) == stream.length:
                payload, stream.payload = stream.payload, b""
                if stream.kind == CHUNK_SIZE:
                    self._chunk = int.from_bytes(payload, "big")
                return stream.kind, payload

    def wait_for(self, name):
        """Until that command has come."""
        while True:
            kind, payload = self.next()
            if kind == COMMAND and command_name(payload) == name:
                return

    def _stream(self):
        first = self._read(1)[0]
        number = first & 63
        if number < 2:
            number = 64 + int.from_bytes(self._read(number + 1), "little")
        stream = self._streams.setdefault(number, _ChunkStream())
        stream.take_head(self._read, first >> 6)
        return stream


class _ChunkStream:
    def __init__(self):
        self.length, self.kind, self.payload, self._extended = 0, 0, b"", False

    def take_head(self, read, form):
        head = read((11, 7, 3, 0)[form])
        if form < 3:
            self._extended = head[:3] == b"\xff\xff\xff"
        if form < 2:
            self.length, self.kind = int.from_bytes(head[3:6], "big"), head[6]
        if self._extended:
            read(4)
