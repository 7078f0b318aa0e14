# SPDX-License-Identifier: MIT
"""A stage for `affinity: stream` over RTMP: three real servers behind one service, and one that behaves oddly behind another."""
import sys
from pathlib import Path

import odd_rtmp_server
from odd_rtmp_server import OddRtmpServer
from peek_stage import comes_to_rest, ends_of, rows_of
from stream_peers import encode, play_rtmp, publish
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.nginx import RTMP_PORT, Nginx
from lab.topology import Topology
from lab.wait import wait_for

_CLIENT = Path(__file__).with_name("odd_rtmp_client.py")


class Stage:
    """Services: rtmp and rtmp6 before the real servers, odd before the other one. Somebody publishes and plays by the first from the
    beginning to the end.
    """

    def __init__(self, run, build):
        self.run, self.net = run, Topology(run)
        self.client, last = self.net.clients[0], self.net.backends[-1]
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.odd_server = OddRtmpServer(run, last)
        config = config_for(self.net, api_path(run), state_path(run), health={"tcp": True, "port": RTMP_PORT, "interval": "2s"})
        config["pools"] = {"srs": config["pools"]["srs"], "odd": {"backends": [f"{last.address}:{odd_rtmp_server.PORT}"]}}
        self._services = {"rtmp": (self.net.vip, RTMP_PORT, "srs"), "rtmp6": (self.net.vip6, RTMP_PORT, "srs"),
                          "odd": (self.net.vip, odd_rtmp_server.PORT, "odd")}
        config["services"] = [service(name, vip, "tcp", port, pool, "nat", "stream")
                              for name, (vip, port, pool) in self._services.items()]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)
        self._published = encode(run)
        url = f"rtmp://{self.net.vip}/show/other"
        self._publisher = publish(run, self.client, self._published, url, "other")
        self._player = play_rtmp(run, self.client, url, "other", early=True)
        self._player.child.wait_until(self._player.meets, "it has media", 30)
        self._former = ends_of(self.cleatd)

    def clients(self, *options, name="rtmp"):
        """odd_rtmp_client.py with these options. A Child, to be asked by rows()."""
        vip, port, _ = self._services[name]
        number = len(self.run.pids)
        return Child(self.run, f"client-{number}", [sys.executable, "-B", _CLIENT, vip, port, f"odd-{number}", *options], self.client)

    rows = staticmethod(rows_of)

    def ask(self, *options, **others):
        return self.rows(self.clients(*options, **others))

    def ends(self):
        """{name: connections that were read and ended so} since it was asked before, once none is left in the table of peeks."""
        wait_for(lambda: self.cleatd.api.peeks()["in_use"] == 0, lambda: f"no peek to be left: {self.cleatd.api.peeks()}", 40)
        former, self._former = self._former, ends_of(self.cleatd)
        return self._former - former

    def other_faults(self):
        """What the one who has played all the time had otherwise than it was published. It ends him and his publisher."""
        size = self._player.size()
        wait_for(lambda: self._player.size() > size, "media to come", 10)
        self._player.child.stop()
        self._publisher.stop()
        return self._player.faults(self._published)

    def comes_to_rest(self):
        comes_to_rest(self.cleatd, self._services, self.net.backends, RTMP_PORT, odd_rtmp_server.PORT)
