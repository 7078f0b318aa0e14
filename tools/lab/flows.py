# SPDX-License-Identifier: MIT
"""Many TCP connections that carry hashed bodies in both directions at once, and say who closes first.

Imported, it runs itself in the namespaces of servers and clients; as a program it is what runs there.
On the wire: the client says who closes first; then both sides send frames (length, bytes) until the client ends with
a frame of length 0; the server then ends likewise and tells what it sent and received.
"""
import asyncio
import collections
import contextlib
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

from .child import Child
from .wait import DeadlineMissed

PORT = 7000
_CHUNK_BYTES = 4096
_PACE_S = 0.5  # between two chunks of one flow and direction
_GIVE_UP_S = 60  # a flow that stands still for so long has failed

# flows: that ended well; servers: {name: flows}; failures: [text]; open_at_once: most of them; seconds: of them all
Report = collections.namedtuple("Report", "flows servers failures open_at_once seconds")


class FlowServer:
    """Serves flows on PORT of both families; under the name of its namespace."""

    def __init__(self, run, space):
        self.child = Child(run, f"flows-{space.name}", _words("serve", space.name), space, environment=_environment())
        self.child.wait_until(lambda: "listening" in self.child.log(), "it listens")
        self.space = space

    def sockets(self):
        """Identities of its established connections: {(peer, inode)}."""
        found = self.space.call("ss", "-Htne", "state", "established", "sport", "=", f":{PORT}").stdout
        rows = [line.split() for line in found.splitlines()]
        return {(row[3], next(word for word in row if word.startswith("ino:"))) for row in rows}


class Flows:
    """`count` connections opened at `rate` a second.

    closes  "client" or "server": who sends FIN first
    hold    False: each moves one chunk each way and closes. True: they all move until finish()
    """

    def __init__(self, run, space, vip, count, rate, closes="client", hold=False, name="flows"):
        self.count = count
        self.child = Child(run, f"{name}-{space.name}", _words("open", vip, count, rate, closes, *["hold"] * hold),
                           space, environment=_environment())

    def wait_open(self, deadline_s=30.0):
        """Until each has moved a chunk in both directions."""
        self._wait_line(f"moved {self.count} of {self.count} since 0", deadline_s)
        return self

    def wait_moved(self, mark, deadline_s=30.0):
        """Until each has moved a chunk in both directions since now. mark: 1, 2, ... counts the calls."""
        self.child.send(signal.SIGUSR2)
        self._wait_line(f"moved {self.count} of {self.count} since {mark}", deadline_s)

    def finish(self, deadline_s=60.0):
        """Ends those that are held, and waits for all. Returns the Report."""
        self.child.send(signal.SIGUSR1)
        return self.report(deadline_s)

    def report(self, deadline_s=60.0):
        """Waits until all have ended by themselves."""
        self.child.wait(deadline_s)
        if self.child.returncode != 0:
            raise RuntimeError(f"{self.child.name} ended with {self.child.returncode}:\n{self.child.last_lines()}")
        return Report(**json.loads(self.child.log().splitlines()[-1]))

    def _wait_line(self, line, deadline_s):
        try:
            self.child.wait_until(lambda: line in self.child.log().splitlines(), line, deadline_s)
        except DeadlineMissed as missed:
            self.child.send(signal.SIGUSR1)
            with contextlib.suppress(DeadlineMissed, RuntimeError):
                raise DeadlineMissed(f"{missed}; {self.report(10).failures[:3]}") from None
            raise


def _words(*words):
    return [sys.executable, "-B", "-m", "lab.flows", *words]


def _environment():
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}


async def _send_frame(writer, payload):
    writer.write(len(payload).to_bytes(4, "big") + payload)
    await writer.drain()


async def _read_frame(reader):
    length = int.from_bytes(await reader.readexactly(4), "big")
    return await reader.readexactly(length)


class _Body:
    """One direction of a flow: chunks so far, and their hash."""

    def __init__(self):
        self.chunks, self._hash = 0, hashlib.sha256()

    def add(self, chunk):
        self._hash.update(chunk)
        self.chunks += 1

    def digest(self):
        return self._hash.hexdigest()


async def _send_body(writer, body, ended):
    """Sends chunks until `ended` is done, one at least, then the empty frame."""
    while True:
        chunk = os.urandom(_CHUNK_BYTES)
        await _send_frame(writer, chunk)
        body.add(chunk)
        await asyncio.wait([ended], timeout=_PACE_S)
        if ended.done():
            return await _send_frame(writer, b"")


async def _receive_body(reader, body):
    while chunk := await _read_frame(reader):
        body.add(chunk)


async def _serve_one(name, reader, writer):
    sent, received = _Body(), _Body()
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # the client tells what was wrong
        closes = (await reader.readline()).strip()
        if not closes:
            return writer.close()  # a health check
        receiving = asyncio.ensure_future(_receive_body(reader, received))
        await _send_body(writer, sent, receiving)
        receiving.result()
        await _send_frame(writer, json.dumps([name, sent.digest(), received.digest()]).encode())
        if closes != b"server":
            await reader.read()
    writer.close()


async def _serve(name):
    server = await asyncio.start_server(lambda r, w: _serve_one(name, r, w), None, PORT, backlog=4096)
    print("listening", flush=True)
    await server.serve_forever()


class _Client:
    def __init__(self, vip, count, rate, closes, hold):
        self.vip, self.count, self.rate, self.closes, self.hold = vip, count, rate, closes, hold
        self.finish = asyncio.get_running_loop().create_future()
        self.bodies, self.marked, self.marks, self.told = {}, {}, 0, True
        self.servers, self.failures, self.open_now, self.open_at_once = collections.Counter(), [], 0, 0

    def mark(self):
        self.marks += 1
        self.marked = {n: (sent.chunks, got.chunks) for n, (sent, got) in self.bodies.items()}
        self.told = False

    def tell(self):
        """Says how many flows have moved both ways since the last mark, until all have."""
        if self.told:
            return
        moved = 0
        for number, (sent, got) in self.bodies.items():
            before = self.marked.get(number, (0, 0))
            moved += sent.chunks > before[0] and got.chunks > before[1]
        print(f"moved {moved} of {self.count} since {self.marks}", flush=True)
        self.told = moved == self.count

    async def run(self):
        begin = time.monotonic()
        if self.hold:
            self.told = False
        tasks = []
        for number in range(self.count):
            await asyncio.sleep(begin + number / self.rate - time.monotonic())
            tasks.append(asyncio.ensure_future(self.one(number)))
        waiting = asyncio.ensure_future(asyncio.wait(tasks))
        while not waiting.done():
            await asyncio.wait([waiting], timeout=0.2)
            self.tell()
        report = Report(sum(self.servers.values()), self.servers, self.failures, self.open_at_once,
                        time.monotonic() - begin)
        print(json.dumps(report._asdict()), flush=True)

    async def one(self, number):
        self.open_now += 1
        self.open_at_once = max(self.open_at_once, self.open_now)
        ended = self.finish if self.hold else asyncio.get_running_loop().create_future()
        if not self.hold:
            ended.set_result(None)
        try:
            self.servers[await self.exchange(number, ended)] += 1
        except Exception as error:  # each counts, whatever it is
            self.failures.append(f"flow {number}: {error!r}")
        self.open_now -= 1

    async def exchange(self, number, ended):
        """One flow from SYN to FIN; returns the server's name."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection(self.vip, PORT), _GIVE_UP_S)
        try:
            writer.write(self.closes.encode() + b"\n")
            sent, got = self.bodies[number] = _Body(), _Body()
            receiving = asyncio.ensure_future(_receive_body(reader, got))
            await _send_body(writer, sent, ended)
            await asyncio.wait_for(receiving, _GIVE_UP_S)
            name, theirs, ours = json.loads(await asyncio.wait_for(_read_frame(reader), _GIVE_UP_S))
            if (theirs, ours) != (got.digest(), sent.digest()):
                raise ValueError("a body came changed")
            if self.closes == "server" and await asyncio.wait_for(reader.read(), _GIVE_UP_S):
                raise ValueError("bytes after the end")
            return name
        finally:
            writer.close()


async def _open(vip, count, rate, closes, hold):
    client = _Client(vip, count, rate, closes, hold)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: client.finish.done() or client.finish.set_result(None))
    loop.add_signal_handler(signal.SIGUSR2, client.mark)
    await client.run()


def main():
    if sys.argv[1] == "serve":
        asyncio.run(_serve(sys.argv[2]))
    else:
        vip, count, rate, closes, *hold = sys.argv[2:]
        asyncio.run(_open(vip, int(count), float(rate), closes, bool(hold)))


if __name__ == "__main__":
    main()
