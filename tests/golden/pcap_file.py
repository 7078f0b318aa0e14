# SPDX-License-Identifier: MIT
"""Reading pcap files and comparing frames, in the standard library only: not the writer's code, and not Cleat's."""
import struct

MAGIC = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}


def read_frames(path):
    """The frames of a pcap file, as bytes. Raises ValueError if it is none, or is cut off."""
    with open(path, "rb") as file:
        data = file.read()
    order = MAGIC.get(data[:4])
    if order is None or len(data) < 24:
        raise ValueError(f"{path} is no pcap file")
    frames, at = [], 24
    while at < len(data):
        if at + 16 > len(data):
            raise ValueError(f"{path} ends within a packet's header")
        captured = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        frame = data[at + 16:at + 16 + captured]
        if len(frame) != captured:
            raise ValueError(f"{path} ends within packet {len(frames) + 1}")
        frames.append(frame)
        at += 16 + captured
    return frames


def kind_of(frame):
    """'announcement' (gratuitous ARP, unsolicited neighbour advertisement), 'own' (other ARP and neighbour discovery, ICMP errors)
    or 'forwarded'. When Cleat says its own words among what it forwards depends on bursts and on the clock."""
    if frame[12:14] == b"\x81\x00":
        return kind_of(frame[:12] + frame[16:])
    if frame[12:14] == b"\x08\x06":
        return "announcement" if frame[28:32] == frame[38:42] else "own"
    if frame[12:14] == b"\x86\xdd" and len(frame) > 54 and frame[20] == 58 and frame[54] in (135, 136):
        return "announcement" if frame[54] == 136 and frame[:2] == b"\x33\x33" else "own"
    if frame[12:14] == b"\x86\xdd" and len(frame) > 54 and frame[20] == 58 and frame[54] in (1, 2, 3, 4):
        return "own"
    if frame[12:15] == b"\x08\x00\x45" and len(frame) > 34 and frame[23] == 1 and frame[34] in (3, 11, 12):
        return "own"
    return "forwarded"


IPV4 = ["version", "tos", "length", "length", "id", "id", "fragment", "fragment", "ttl", "protocol", "checksum",
        "checksum"] + ["source"] * 4 + ["destination"] * 4
IPV6 = ["version"] * 4 + ["length"] * 2 + ["next header", "hop limit"] + ["source"] * 16 + ["destination"] * 16
TCP = (["source port"] * 2 + ["destination port"] * 2 + ["sequence"] * 4 + ["acknowledgement"] * 4 +
       ["offset", "flags"] + ["window"] * 2 + ["checksum"] * 2 + ["urgent"] * 2)
UDP = ["source port"] * 2 + ["destination port"] * 2 + ["length"] * 2 + ["checksum"] * 2


def field_at(frame, byte):
    """The name of the field that holds this byte: 'IPv4 checksum'."""
    if byte < 14:
        return ("Ethernet destination", "Ethernet source", "Ethernet type")[min(byte // 6, 2)]
    kind = frame[12:14]
    if kind == b"\x08\x06":
        return f"ARP + {byte - 14}"
    if kind == b"\x08\x00":
        layer, fields, header, protocol = "IPv4", IPV4, (frame[14] & 15) * 4, frame[23]
    elif kind == b"\x86\xdd":
        layer, fields, header, protocol = "IPv6", IPV6, 40, frame[20]
    else:
        return f"Ethernet payload + {byte - 14}"
    if byte < 14 + header:
        return f"{layer} {(fields + ['option'] * 40)[byte - 14]}"
    place = byte - 14 - header
    name, l4 = {6: ("TCP", TCP), 17: ("UDP", UDP)}.get(protocol, ("", []))
    return f"{name} {l4[place]}" if place < len(l4) else f"{layer} payload + {place}"


def hex_row(frame, byte):
    """The 16 bytes around one, the one in brackets."""
    start = byte // 16 * 16
    row = [f"{value:02x}" for value in frame[start:start + 16]]
    if byte - start < len(row):
        row[byte - start] = f"[{row[byte - start]}]"
    return f"{start:04x}: {' '.join(row)}"


class Difference:
    """The first thing in which two lists of frames differ. byte is None when a whole packet is missing or too many."""

    def __init__(self, packet, byte, text):
        self.packet, self.byte, self.text = packet, byte, text


def compare(got, expected, numbers=None):
    """None if both lists of frames are equal, else the first Difference; packets count from 1.

    numbers: what to call the expected frames instead of 1, 2, 3..."""
    numbers = numbers or list(range(1, len(expected) + 1))
    for number, (mine, wanted) in zip(numbers, zip(got, expected)):
        if mine == wanted:
            continue
        byte = next((i for i, (a, b) in enumerate(zip(mine, wanted)) if a != b), min(len(mine), len(wanted)))
        if byte >= min(len(mine), len(wanted)):
            text = f"packet {number} has {len(mine)} bytes, {len(wanted)} expected"
        else:
            text = (f"packet {number}, byte {byte} ({field_at(wanted, byte)}) is {mine[byte]:02x}, "
                    f"{wanted[byte]:02x} expected")
        return Difference(number, byte, f"{text}\n  got      {hex_row(mine, byte)}\n  expected {hex_row(wanted, byte)}")
    if len(got) < len(expected):
        number = numbers[len(got)]
        return Difference(number, None, f"packet {number} is missing: {expected[len(got)].hex()}")
    if len(got) > len(expected):
        number = max(numbers, default=0) + 1
        return Difference(number, None, f"a packet too many after {number - 1}: {got[len(expected)].hex()}")
    return None


def compare_captures(got, expected):
    """As compare(), but each kind of frame in an order of its own, announcements in any order."""
    differences = []
    for kind in ("announcement", "own", "forwarded"):
        mine = [frame for frame in got if kind_of(frame) == kind]
        wanted = [(number, frame) for number, frame in enumerate(expected, 1) if kind_of(frame) == kind]
        if kind == "announcement":
            mine.sort()
            wanted.sort(key=lambda pair: pair[1])
        difference = compare(mine, [frame for _, frame in wanted], [number for number, _ in wanted])
        if difference:
            differences.append(difference)
    return min(differences, key=lambda d: d.packet) if differences else None
