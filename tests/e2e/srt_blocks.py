# SPDX-License-Identifier: MIT
"""What an SRT stream of the tests carries: blocks with numbers, a datagram each, to or from a program beside it.

    srt_blocks.py give PORT A_SECOND   sends them to 127.0.0.1:PORT, so many a second, until SIGTERM
    srt_blocks.py take PORT            takes them there until SIGTERM, or SIGUSR1, which begins anew; then prints what came, as JSON,
                                       and a line for each HUNDRED that came since it began
"""
import json
import signal
import socket
import struct
import sys
import time

_BYTES = 1316  # what SRT carries in one packet of live media
_BEGIN = b"BLCK"
HUNDRED = 100


def block(number):
    return _BEGIN + struct.pack("!Q", number) * ((_BYTES - len(_BEGIN)) // 8)


def give(port, a_second):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    begin, number = time.monotonic(), 0
    while True:
        out.sendto(block(number), ("127.0.0.1", port))
        number += 1
        time.sleep(max(0, begin + number / a_second - time.monotonic()))


class Taken:
    def __init__(self):
        self.numbers, self.damaged, self.longest_ms, self.missing_then = [], 0, 0, 0
        self._at = None

    def take(self, datagram):
        number = struct.unpack_from("!Q", datagram, len(_BEGIN))[0] if len(datagram) >= len(_BEGIN) + 8 else -1
        if datagram != block(number):
            self.damaged += 1
            return
        now = time.monotonic()
        if self._at is not None and (now - self._at) * 1000 > self.longest_ms:
            self.longest_ms = round((now - self._at) * 1000)
            self.missing_then = number - self.numbers[-1] - 1
        self._at = now
        self.numbers.append(number)

    def report(self):
        """count; missing: between the first and the last; twice; disordered; longest_ms: without one, missing_then: by it"""
        distinct = set(self.numbers)
        span = max(distinct) - min(distinct) + 1 if distinct else 0
        return {"count": len(distinct), "missing": span - len(distinct), "twice": len(self.numbers) - len(distinct),
                "disordered": sum(a > b for a, b in zip(self.numbers, self.numbers[1:])), "damaged": self.damaged,
                "longest_ms": self.longest_ms, "missing_then": self.missing_then}


def take(port):
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append("end"))
    signal.signal(signal.SIGUSR1, lambda *_: told.append("anew"))
    into = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    into.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    into.bind(("127.0.0.1", port))
    into.settimeout(0.1)
    print(json.dumps({"event": "ready"}), flush=True)
    taken, came = Taken(), 0
    while "end" not in told:
        try:
            taken.take(into.recv(2048))
        except TimeoutError:
            continue
        came += 1
        if came == 1 or came % HUNDRED == 0:
            print(json.dumps({"event": "begun" if came == 1 else "hundred"}), flush=True)
        if told:
            told.clear()
            print(json.dumps({"event": "taken", **taken.report()}), flush=True)
            taken = Taken()
    print(json.dumps({"event": "taken", **taken.report()}), flush=True)


if __name__ == "__main__":
    {"give": give, "take": take}[sys.argv[1]](*map(int, sys.argv[2:]))
