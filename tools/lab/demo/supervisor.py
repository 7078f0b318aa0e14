# SPDX-License-Identifier: MIT
"""Keeps one publisher alive. ffmpeg neither notices a server that vanished nor reconnects, so somebody has to."""
import os
import time
from pathlib import Path

from ..media import Publisher

STALL_S = 1.0  # data unacknowledged for so long: the server is taken for dead


class Supervisor:
    """Starts a publisher; each look() restarts it if it ended, or if TCP got no acknowledgement for STALL_S."""

    def __init__(self, run, client, url, name):
        self._make = lambda: Publisher(run, client, url, name)
        self.restarts = []  # Unix times
        self._start()

    @property
    def pid(self):
        return self._publisher.child.pid

    def look(self):
        """Call it often: its resolution is the time between two calls."""
        now = time.monotonic()
        if not unacknowledged(self.pid) or now - self._looked_at > STALL_S / 2:
            self._stalled_since = now
        self._looked_at = now
        if self._publisher.running() and now - self._stalled_since < STALL_S:
            return
        self.restarts.append(time.time())
        self._publisher.child.kill()
        self._start()

    def stop(self):
        self._publisher.stop()

    def _start(self):
        self._publisher = self._make()
        self._looked_at = self._stalled_since = time.monotonic()


def unacknowledged(pid):
    """Bytes that the TCP connections of a process have sent and nobody acknowledged (/proc/PID/net/tcp, tx_queue)."""
    try:
        links = [os.readlink(link) for link in Path("/proc", str(pid), "fd").iterdir()]
        own = {link[8:-1] for link in links if link.startswith("socket:[")}
        rows = Path("/proc", str(pid), "net", "tcp").read_text().splitlines()[1:]
    except OSError:  # it ends just now
        return 0
    fields = [row.split() for row in rows]
    return sum(int(f[4].split(":")[0], 16) for f in fields if f[9] in own)
