# SPDX-License-Identifier: MIT
"""What is in a recording: the packets of an FLV file (Adobe's Video File Format Specification 10.1, annex E)."""
AUDIO, VIDEO = 8, 9  # kinds of tags
_HEAD, _TAG_HEAD, _BACK = 9 + 4, 11, 4
_MEDIA = 1  # in the second byte of H.264 and AAC


def packets(path, kind):
    """Payloads of the media of that kind, in their order, without what sets up a decoder or tells it the end. A file that ends within
    a tag is taken as far as it is whole; none, or no whole head, has none.
    """
    data = path.read_bytes() if path.exists() else b""
    found, at = [], _HEAD
    while at + _TAG_HEAD <= len(data):
        begin = at + _TAG_HEAD
        end = begin + int.from_bytes(data[at + 1:at + 4], "big")
        if end > len(data):
            break
        if data[at] & 0x1f == kind and end - begin > 2 and data[begin + 1] == _MEDIA:
            found.append(data[begin:end])
        at = end + _BACK
    return found


def is_part(part, whole):
    """These packets stand in that order in `whole`, none missing between the first and the last."""
    if not part or part[0] not in whole:
        return False
    begin = whole.index(part[0])
    return whole[begin:begin + len(part)] == part


def is_begin(part, whole):
    """These packets are the first of `whole`."""
    return bool(part) and whole[:len(part)] == part
