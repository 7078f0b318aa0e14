# SPDX-License-Identifier: MIT
"""A stage for `affinity: stream` over HTTP: three real web servers that have the same file, called as a stream is."""
import collections
import json
import sys
from pathlib import Path

from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.nginx import BODY_BYTES, WEB_PORT, Nginx
from lab.topology import Topology
from lab.traffic import sha256
from lab.wait import wait_for

CAM, CLIP = "/live/cam.flv", "/live/clip.flv"
CLIP_BYTES = 20_000  # nginx breaks off what it has not written yet when its client says no more; that much it writes at once
_CLIENT = Path(__file__).with_name("odd_client.py")


def rows_of(child):
    """What became of each of a child's clients, when all are done."""
    assert child.wait(120) == 0, child.last_lines()
    return json.loads(child.last_lines(1))


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run)
        self.client = self.net.clients[0]
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        for origin in self.origins:
            (origin.www / "live").mkdir()
            (origin.www / CAM[1:]).write_bytes(origin.body)
            (origin.www / CLIP[1:]).write_bytes(origin.body[:CLIP_BYTES])
        config = config_for(self.net, api_path(run), state_path(run))
        self.vips = {"web": self.net.vip, "web6": self.net.vip6}
        config["services"] = [service("web", self.net.vip, "tcp", WEB_PORT, "srs", "nat", "stream"),
                              service("web6", self.net.vip6, "tcp", WEB_PORT, "srs", "nat", "stream")]
        del config["pools"]["srs6"]  # clients of both families shall meet
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)

    def clients(self, *options, name="web", path=CAM):
        """odd_client.py with these options. A Child, to be asked by rows()."""
        words = [sys.executable, "-B", _CLIENT, self.vips[name], WEB_PORT, path, *options]
        return Child(self.run, f"client-{len(self.run.pids)}", words, self.client)

    rows = staticmethod(rows_of)

    def ask(self, *options, **others):
        return self.rows(self.clients(*options, **others))

    def all_whole(self, rows, size=BODY_BYTES):
        """Each had the file, every byte of it."""
        wanted = {"status": 200, "bytes": size, "sha256": sha256(self.origins[0].body[:size]), "end": "closed"}
        odd = [row for row in rows if {**row, **wanted} != row]
        assert rows and not odd, odd[:3]

    def serves(self):
        """Whatever else there is: a client is answered."""
        self.all_whole(self.ask())

    def ends(self):
        """{name: connections that were read and ended so}, of the names that occurred."""
        return ends_of(self.cleatd)

    def servers(self):
        """Names of those that have answered requests. The streams' files are on all; one alone is asked for them."""
        return [origin.name for origin in self.origins if origin.web_requests()]

    def comes_to_rest(self):
        comes_to_rest(self.cleatd, self.vips, self.net.backends, WEB_PORT)


def ends_of(cleatd):
    """{name: connections that were read and ended so}, of the names that occurred."""
    return collections.Counter({name: count for name, count in cleatd.api.peeks()["ends"].items() if count})


def comes_to_rest(cleatd, services, backends, *ports):
    """No connection is left, neither in Cleat nor at a server's ports, and of each that was read it is known how it ended."""
    def left():
        flows = {name: count for name in services if (count := cleatd.api.service(name)["flows_open"])}
        sockets = [line for backend in backends for port in ports for line in backend.call(
            "ss", "-Htn", "state", "connected", "exclude", "time-wait", "sport", "=", f":{port}").stdout.splitlines()]
        peeks = cleatd.api.peeks()
        return flows, sockets, peeks["in_use"], peeks["began"] - sum(peeks["ends"].values())
    wait_for(lambda: not any(left()), lambda: f"all connections to be over, these flows, sockets and peeks: {left()}", 90, every_s=0.5)
