# SPDX-License-Identifier: MIT
"""Edges that fetch what is played on them. By `tuple` nearly each of three edges fetches a stream that six play; by `stream` one does.

Three edges, and two origins behind a VIP with `affinity: stream`: to Cleat edges are players of that.
"""
import collections

from staged import run_on_stages, say
from stream_peers import encode, play_rtmp, publish, stop
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.edge import Edge
from lab.nginx import RTMP_PORT, Nginx
from lab.topology import Topology
from lab.wait import wait_for

EDGES, ORIGINS, STREAMS, PLAYERS = 3, 2, 10, 6
APP = "show"
VIPS = {"tuple": "10.10.0.101", "stream": "10.10.0.102"}  # of the edges


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, backends=EDGES + ORIGINS)
        self.client = self.net.clients[0]
        self._published = encode(run)
        edges, origins = self.net.backends[:EDGES], self.net.backends[EDGES:]
        self.origins = [Nginx(run, backend) for backend in origins]
        self.edges = [Edge(run, backend, self.net.vip, APP) for backend in edges]
        health = {"tcp": True, "port": RTMP_PORT, "interval": "2s"}
        config = config_for(self.net, api_path(run), state_path(run))
        config["pools"] = {name: {"health": health, "backends": [backend.address for backend in backends]}
                           for name, backends in (("edges", edges), ("origins", origins))}
        config["services"] = [service("origins", self.net.vip, "tcp", RTMP_PORT, "origins", affinity="stream")]
        config["services"] += [service(affinity, vip, "tcp", RTMP_PORT, "edges", affinity=affinity) for affinity, vip in VIPS.items()]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("edges", EDGES)
        self.cleatd.wait_healthy("origins", ORIGINS)

    def play_all(self, affinity):
        """Streams that are published to the origins, each with players of the edges: how often the origins have to give it out."""
        names = [f"{affinity}-{i}" for i in range(STREAMS)]
        publishers = [publish(self.run, self.client, self._published, f"rtmp://{self.net.vip}/{APP}/{name}", name) for name in names]
        wait_for(lambda: set(names) <= set(self._carried()), lambda: f"{names} to be published, not {set(self._carried())}", 30, 0.5)
        played = [play_rtmp(self.run, self.client, f"rtmp://{VIPS[affinity]}/{APP}/{name}", f"{name}-{i}", early=True)
                  for name in names for i in range(PLAYERS)]
        wait_for(lambda: all(each.meets() for each in played), lambda: f"all to play: {sum(each.meets() for each in played)} do", 60, 1)
        fetched = {name: stream.players for name, stream in self._carried().items()}
        stop([*(each.child for each in played), *publishers])
        faults = [fault for each in played for fault in each.faults(self._published)]
        assert not faults, faults
        self.comes_to_rest()
        say(f"{affinity}: {STREAMS} streams, {PLAYERS} players each; fetched {sum(fetched.values())} times, a stream {sorted(fetched.values())}")
        return fetched

    def _carried(self):
        return {name: stream for origin in self.origins for name, stream in origin.streams().items() if stream.publishers}

    def comes_to_rest(self):
        for name in ("origins", *VIPS):
            wait_for(lambda name=name: self.cleatd.api.service(name)["flows_open"] == 0, f"all connections to {name} to be over", 60, 0.5)


def by_tuple_nearly_each_edge_fetches_a_stream(stage):
    fetched = stage.play_all("tuple")
    assert len(fetched) == STREAMS and sum(fetched.values()) > 2 * STREAMS, fetched


def by_stream_one_edge_fetches_it(stage):
    fetched = stage.play_all("stream")
    assert collections.Counter(fetched.values()) == {1: STREAMS}, fetched


TESTS = (by_tuple_nearly_each_edge_fetches_a_stream, by_stream_one_edge_fetches_it)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
