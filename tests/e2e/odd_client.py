# SPDX-License-Identifier: MIT
"""HTTP clients that speak as few do: odd_client.py VIP PORT PATH [options]

Each asks for PATH once, by its own connection. Prints a line when all have said what they say, then a JSON list with what became of
each: status, bytes and sha256 of the body, how it ended (closed, reset, silent, or given up by itself) and after how many seconds.
"""
import argparse
import array
import concurrent.futures
import fcntl
import hashlib
import json
import os
import socket
import struct
import termios
import threading
import time

_PATIENCE_S = 90


def request(wanted):
    line = wanted.path + ("?" + "p" * wanted.pad if wanted.pad else "")
    return f"GET {line} HTTP/1.1\r\nHost: media.example\r\nConnection: close\r\n\r\n".encode()[:wanted.say]


def unsent(client):
    """Bytes that the other side has not acknowledged."""
    count = array.array("i", [0])
    fcntl.ioctl(client, termios.TIOCOUTQ, count)
    return count[0]


def say(client, text, wanted):
    if not wanted.piece:
        return client.send(text, socket.MSG_MORE if wanted.then == "fin_with_it" else 0)
    for at in range(0, len(text), wanted.piece):
        client.send(text[at:at + wanted.piece])
        until = time.monotonic() + _PATIENCE_S
        while unsent(client):  # or two would share a segment
            if error := client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, os.strerror(error))
            if time.monotonic() > until:
                raise TimeoutError
            time.sleep(0.0002)
        time.sleep(wanted.pause)


def leave(client, then):
    if then.startswith("fin"):
        client.shutdown(socket.SHUT_WR)
    if then == "rst":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


def hear(client, wanted, answer):
    while wanted.hear is None or len(answer) < wanted.hear:
        part = client.recv(65536)
        if not part:
            return "closed"
        answer += part
    return "heard"


def converse(wanted, told):
    client, answer, begin = None, bytearray(), time.monotonic()
    try:
        client = socket.socket(socket.AF_INET6 if ":" in wanted.vip else socket.AF_INET)
        client.settimeout(_PATIENCE_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wanted.mss:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, wanted.mss)
        client.connect((wanted.vip, wanted.port))
        say(client, request(wanted), wanted)
        end = hear(client, wanted, answer) if wanted.hear else "heard"
        time.sleep(wanted.after)
        leave(client, wanted.then)
        told()
        if wanted.then == "rst":
            end = "left"
        elif end == "heard":
            wanted.hear = None
            end = hear(client, wanted, answer)
    except ConnectionError:
        end = "reset"
    except TimeoutError:
        end = "silent"
    after_s = time.monotonic() - begin
    told()
    if client:
        client.close()
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    return {"status": int(head.split()[1]) if head else None, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest(),
            "end": end, "after_s": after_s}


class AllTold:
    """Prints when each of so many has called."""

    def __init__(self, count):
        self._left, self._lock = count, threading.Lock()

    def one(self):
        called = []

        def told():
            with self._lock:
                if not called:
                    called.append(True)
                    self._left -= 1
                    if self._left == 0:
                        print("said", flush=True)
        return told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vip")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--count", type=int, default=1, help="clients, all at once")
    parser.add_argument("--piece", type=int, help="bytes a segment, each acknowledged before the next")
    parser.add_argument("--pause", type=float, default=0, help="seconds between them")
    parser.add_argument("--mss", type=int, help="the longest segment that either side sends")
    parser.add_argument("--pad", type=int, default=0, help="bytes by which the request line is longer")
    parser.add_argument("--say", type=int, help="so many bytes of the request only")
    parser.add_argument("--hear", type=int, help="so many bytes of the answer before it does what it does then")
    parser.add_argument("--after", type=float, default=0, help="seconds before it does that")
    parser.add_argument("--then", choices=("wait", "fin", "fin_with_it", "rst"), default="wait")
    wanted = parser.parse_args()
    told = AllTold(wanted.count)
    with concurrent.futures.ThreadPoolExecutor(wanted.count) as clients:
        running = [clients.submit(converse, argparse.Namespace(**vars(wanted)), told.one()) for _ in range(wanted.count)]
        print(json.dumps([each.result() for each in running]))


if __name__ == "__main__":
    main()
