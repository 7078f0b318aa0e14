# SPDX-License-Identifier: MIT
"""RTMP publishers that come as far as a phase and leave then: odd_rtmp_client.py VIP PORT STREAM [options]

Each publishes a stream of its own, STREAM-NUMBER of app show. A phase is over when its answer has come; media has none. Prints a line
when all have left, then a JSON list with what became of each: how it ended (closed, reset, silent, or given up by itself), how
many bytes it had heard, and after how many seconds.
"""
import argparse
import concurrent.futures
import json
import socket
import time

import rtmp
from odd_client import AllTold, leave

_PATIENCE_S = 90
PHASES = ("c1", "c2", "connect", "create", "publish", "media")


class _Client:
    def __init__(self, wanted, number):
        self.heard, self._wanted, self._stream = 0, wanted, f"{wanted.stream}-{number}"
        self.socket = socket.socket(socket.AF_INET6 if ":" in wanted.vip else socket.AF_INET)
        self.socket.settimeout(_PATIENCE_S)
        self._reader = rtmp.Reader(self._read)

    def come_as_far(self):
        self.socket.connect((self._wanted.vip, self._wanted.port))
        for phase in PHASES[:PHASES.index(self._wanted.phase) + 1]:
            is_last = phase == self._wanted.phase
            with_fin = is_last and self._wanted.then == "fin_with_it"
            self.socket.sendall(self._text(phase), socket.MSG_MORE if with_fin else 0)
            if not (is_last and (self._wanted.unheard or with_fin)):
                self._hear_answer(phase)

    def hear_the_rest(self):
        while part := self.socket.recv(65536):
            self.heard += len(part)
        return "closed"

    def _text(self, phase):
        if phase == "c1":
            return rtmp.VERSION + bytes(rtmp.HANDSHAKE)
        if phase == "c2":
            return self._s1
        if phase == "connect":
            return rtmp.command("connect", 1, {"app": "show", "tcUrl": "rtmp://media.example/show"})
        if phase == "create":
            return rtmp.command("createStream", 2, None)
        if phase == "publish":
            return rtmp.command("publish", 3, None, self._stream, "live", stream=1)
        return rtmp.message(rtmp.VIDEO, b"\x17\1\0\0\0" + bytes(1000), stream=1)

    def _hear_answer(self, phase):
        if phase == "c1":
            self._s1 = self._read(1 + 2 * rtmp.HANDSHAKE)[1:1 + rtmp.HANDSHAKE]
        elif phase in ("connect", "create"):
            self._reader.wait_for("_result")
        elif phase == "publish":
            self._reader.wait_for("onStatus")

    def _read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise _Closed
            data += part
            self.heard += len(part)
        return data


class _Closed(Exception):
    """In the midst of an answer."""


def converse(wanted, number, told):
    client, begin = _Client(wanted, number), time.monotonic()
    try:
        client.come_as_far()
        time.sleep(wanted.after)
        leave(client.socket, wanted.then)
        told()
        end = "left" if wanted.then == "rst" else client.hear_the_rest()
    except _Closed:
        end = "closed"
    except ConnectionError:
        end = "reset"
    except TimeoutError:
        end = "silent"
    told()
    client.socket.close()
    return {"end": end, "heard": client.heard, "after_s": time.monotonic() - begin}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vip")
    parser.add_argument("port", type=int)
    parser.add_argument("stream")
    parser.add_argument("--count", type=int, default=1, help="clients, all at once")
    parser.add_argument("--phase", choices=PHASES, default="media", help="the last one that it comes to")
    parser.add_argument("--unheard", action="store_true", help="does not wait for that one's answer")
    parser.add_argument("--after", type=float, default=0, help="seconds before it leaves")
    parser.add_argument("--then", choices=("wait", "fin", "fin_with_it", "rst"), default="wait")
    wanted = parser.parse_args()
    told = AllTold(wanted.count)
    with concurrent.futures.ThreadPoolExecutor(wanted.count) as clients:
        running = [clients.submit(converse, wanted, number, told.one()) for number in range(wanted.count)]
        print(json.dumps([each.result() for each in running]))


if __name__ == "__main__":
    main()
