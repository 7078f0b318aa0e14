# SPDX-License-Identifier: MIT
"""An RTMP server that ends connections, falls silent or answers oddly where a test says so.

Imported, it runs itself in a backend's namespace; as a program it is what runs there. It takes publishers, and keeps nothing.
"""
import socket
import sys
import threading
from pathlib import Path

import rtmp
from odd_client import leave
from lab.child import Child

PORT = 1936
# What it does in each, in turn: instead of that it does what it is told.
PHASES = ("accept", "handshake", "connect", "create", "publish", "media")


class OddRtmpServer:
    def __init__(self, run, space):
        environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "tools"), "PATH": "/usr/sbin:/usr/bin"}
        self.child = Child(run, f"odd-{space.name}", [sys.executable, "-B", Path(__file__)], space, environment=environment, talks=True)
        self.behave("accept", "as_usual")

    def behave(self, phase, how):
        """What becomes of connections from now on when they come to that phase: fin, rst, hang, or (connect, create) error, or (create)
        other_stream.
        """
        assert self.child.ask(f"{phase} {how}") == "ok"


class _Odd(Exception):
    """It has done what it was told."""


class _Connection:
    def __init__(self, client, phase, how):
        self._client, self._phase, self._how = client, phase, how
        self._reader = rtmp.Reader(self._read)

    def serve(self):
        try:
            self._come_to("accept")
            self._shake_hands()
            self._reader.wait_for("connect")
            self._come_to("connect")
            self._answer("connect", 1, {"level": "status", "code": "NetConnection.Connect.Success"})
            self._reader.wait_for("createStream")
            self._come_to("create")
            self._answer("create", 2, None, 1)
            self._reader.wait_for("publish")
            self._come_to("publish")
            self._client.sendall(rtmp.command("onStatus", 0, None, {"code": "NetStream.Publish.Start"}, stream=1))
            while self._reader.next()[0] != rtmp.VIDEO:
                pass
            self._come_to("media")
            self._hear_all()
        except (OSError, _Odd):
            pass
        self._client.close()

    def _shake_hands(self):
        c1 = self._read(1 + rtmp.HANDSHAKE)[1:]
        answer = rtmp.VERSION + bytes(rtmp.HANDSHAKE) + c1
        if self._phase == "handshake":
            self._client.sendall(answer[:rtmp.HANDSHAKE])
        self._come_to("handshake")
        self._client.sendall(answer)
        self._read(rtmp.HANDSHAKE)

    def _come_to(self, phase):
        if phase != self._phase:
            return
        leave(self._client, self._how)
        if self._how in ("fin", "hang"):  # what is not read would make a reset of the close
            self._hear_all()
        if self._how in ("fin", "rst", "hang"):
            raise _Odd

    def _answer(self, phase, transaction, *arguments):
        here = phase == self._phase
        if here and self._how == "other_stream":
            arguments = (None, 7)
        self._client.sendall(rtmp.command("_error" if here and self._how == "error" else "_result", transaction, *arguments))

    def _hear_all(self):
        while self._client.recv(65536):
            pass

    def _read(self, count):
        data = b""
        while len(data) < count:
            part = self._client.recv(count - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data


def main():
    listener = socket.create_server(("", PORT), backlog=256)
    behaviour = ["accept", "as_usual"]

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_Connection(client, *behaviour).serve, daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    for line in sys.stdin:
        behaviour[:] = line.split()
        print("ok", flush=True)


if __name__ == "__main__":
    main()
