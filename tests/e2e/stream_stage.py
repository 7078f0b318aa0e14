# SPDX-License-Identifier: MIT
"""A stage for streams: three real media servers behind VIPs of both families whose services follow streams, and behind one whose
services do not.
"""
from stream_peers import ask_once, encode, play_rtmp, publish
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.nginx import RTMP_PORT, WEB_PORT
from lab.topology import Topology
from lab.wait import DeadlineMissed, wait_for

TUPLE_VIP = "10.10.0.101"
_PATIENCE_S = 60


class Stage:
    """server   NodeMedia or Nginx
    way      "stream", "stream6" or "tuple": by which affinity and family
    app, suffix  of streams there: rtmp://VIP/app/name and http://VIP:8080/app/name.suffix
    play_web     by which a stream is played over HTTP
    records      the servers keep what is published
    """

    def __init__(self, run, build, server, app, suffix, play_web, records=False):
        self.run, self.net = run, Topology(run)
        self.client, self.app, self.suffix, self._play_web, self._records = \
            self.net.clients[0], app, suffix, play_web, records
        self.published = encode(run)
        self.servers = [server(run, backend) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run), health={"tcp": True, "port": RTMP_PORT, "interval": "2s"})
        vips = {"stream": self.net.vip, "stream6": self.net.vip6, "tuple": TUPLE_VIP}
        self._hosts = {way: f"[{vip}]" if ":" in vip else vip for way, vip in vips.items()}  # of a URL
        config["services"] = [service(f"{name}-{way}", vip, "tcp", port, "srs", "nat", way.rstrip("6"))
                              for way, vip in vips.items() for name, port in (("rtmp", RTMP_PORT), ("web", WEB_PORT))]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)

    def rtmp_url(self, way, name):
        return f"rtmp://{self._hosts[way]}/{self.app}/{name}"

    def web_url(self, way, name):
        return f"http://{self._hosts[way]}:{WEB_PORT}/{self.app}/{name}.{self.suffix}"

    def publish(self, way, names):
        return [publish(self.run, self.client, self.published, self.rtmp_url(way, name), name) for name in names]

    def play(self, way, names, early=False):
        """Each by RTMP and by HTTP."""
        return [player(self.run, self.client, url(way, name), name, early) for name in names
                for player, url in ((play_rtmp, self.rtmp_url), (self._play_web, self.web_url))]

    def where(self, names):
        """{server: those of the streams that it has}"""
        return {server.name: server.playable() & set(names) for server in self.servers}

    def wait_playable(self, names):
        def missing():
            return set(names) - set().union(*self.where(names).values())
        wait_for(lambda: not missing(), lambda: f"{missing()} to be published", _PATIENCE_S, every_s=0.5)

    def answered_at_once(self, way, names):
        """Those that one request for each finds, all asked at the same time."""
        children = {name: ask_once(self.run, self.client, self.web_url(way, name), name) for name in names}
        return [name for name, child in children.items() if child.wait(30) == 0]

    def open(self, way):
        """Connections to servers."""
        return sum(self.cleatd.api.service(f"{name}-{way}")["flows_open"] for name in ("rtmp", "web"))

    def wait_waiting(self, way, played):
        """Until each of these has reached a server; no others are there."""
        wait_for(lambda: self.open(way) >= len(played), lambda: f"{len(played)} to wait for their streams", _PATIENCE_S)

    @staticmethod
    def wait_met(played):
        """Those of them that have not met their stream, in time."""
        def left():
            return [each for each in played if not each.meets()]
        try:
            wait_for(lambda: not left(), "all to meet", _PATIENCE_S, every_s=1)
        except DeadlineMissed:
            pass
        return left()

    def read_while(self, played):
        """How many bytes Cleat has read itself while each of these players had more of its stream, once all were joined."""
        def peeks():
            return self.cleatd.api.peeks()
        wait_for(lambda: peeks()["in_use"] == 0, lambda: f"all to be joined: {peeks()}", _PATIENCE_S)
        before, sizes = peeks()["bytes"], [each.size() for each in played]
        wait_for(lambda: all(each.size() > size for each, size in zip(played, sizes)), "media to come", _PATIENCE_S, every_s=0.5)
        return peeks()["bytes"] - before

    def recordings(self, names):
        """Of those streams, where servers keep any. REQUIRES: comes_to_rest()"""
        return [server.recording(name) for server in self.servers for name in self.where(names)[server.name]] if self._records else []

    def comes_to_rest(self):
        for way in self._hosts:
            wait_for(lambda way=way: self.open(way) == 0, f"all connections by {way} to be over", 60, every_s=0.5)
