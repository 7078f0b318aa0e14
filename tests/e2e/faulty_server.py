# SPDX-License-Identifier: MIT
"""A server whose faults a test switches on and off: HTTP that comes byte by byte, UDP that answers.

Imported, it runs itself in a backend's namespace; as a program it is what runs there. It tells its log whom it serves.
"""
import asyncio
import signal
import sys
from pathlib import Path

from lab.child import Child

HTTP_PORT, UDP_PORT = 1986, 1987
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + b"x" * 20
GAP_S = 0.1  # between two bytes while it drips


class FaultyServer:
    def __init__(self, run, space):
        self.run, self.space = run, space
        self.child = None
        self.start()

    def start(self):
        words = [sys.executable, "-B", Path(__file__)]
        environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "tools"), "PATH": "/usr/sbin:/usr/bin"}
        self.child = Child(self.run, f"faulty-{self.space.name}", words, self.space, environment=environment)
        self.child.wait_until(lambda: f"listening {self.child.pid}" in self.child.log(), "it listens")

    def drip(self):
        """Or no longer, when it does."""
        self.child.send(signal.SIGUSR1)

    def hang(self):
        """The kernel goes on accepting for it."""
        self.child.send(signal.SIGSTOP)

    def go_on(self):
        self.child.send(signal.SIGCONT)

    def kill(self):
        self.child.kill()

    def peers(self):
        """Addresses that it served by UDP."""
        return {line.split()[1] for line in self.child.log().splitlines() if line.startswith("udp ")}


class _Udp(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        print("udp", peer[0], flush=True)
        self.transport.sendto(b"pong " + data, peer)


class _Http:
    def __init__(self):
        self.drips = False

    def toggle(self):
        self.drips = not self.drips

    async def serve(self, reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            for at in range(len(REPLY)):
                writer.write(REPLY[at:at + 1])
                await writer.drain()
                if self.drips:
                    await asyncio.sleep(GAP_S)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the check gave up
        writer.close()


async def _serve():
    import os
    http, loop = _Http(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, http.toggle)
    server = await asyncio.start_server(http.serve, None, HTTP_PORT)
    await loop.create_datagram_endpoint(_Udp, ("0.0.0.0", UDP_PORT))
    print("listening", os.getpid(), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
