# SPDX-License-Identifier: MIT
"""Three SRT servers behind a VIP whose service reads SRT, and behind one whose service does not; a phone that changes its address."""
from nat_home import NatHome
from srt_peers import PORT, Blocks, Played, Published, Relay
from stream_peers import encode
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology
from lab.wait import DeadlineMissed, wait_for

TUPLE_VIP = "10.10.0.101"
_PATIENCE_S = 40


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, clients=2)
        self.client = self.net.clients[1]
        self.home = NatHome(run, self.net.clients[0])
        self.path = encode(run)
        self.relays = [Relay(run, backend, build) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run), health={"icmp": True, "interval": "1s"})
        self.vips = {"srt": self.net.vip, "tuple": TUPLE_VIP}
        config["services"] = [service(affinity, vip, "udp", PORT, "srs", "nat", affinity) for affinity, vip in self.vips.items()]
        config["services"].append(service("srt6", self.net.vip6, "udp", PORT, "srs", "nat", "srt"))
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)

    def counts(self):
        return self.cleatd.api.stats()["srt"]

    def publish(self, affinity, names):
        """Every other one by ffmpeg, the others by srt-live-transmit."""
        return [Published(self.run, self.client, self.path, self.vips[affinity], name, 8000 + i if i % 2 else None)
                for i, name in enumerate(names)]

    def play(self, affinity, names):
        return [Played(self.run, self.client, self.vips[affinity], name, "srt-live-transmit" if i % 4 else "ffmpeg")
                for i, name in enumerate(names)]

    def where(self, names):
        """{server: how many of those streams are published to it}"""
        return {relay.name: len(relay.streams() & set(names)) for relay in self.relays}

    def wait_published(self, names):
        wait_for(lambda: sum(self.where(names).values()) == len(names), lambda: f"all to be published: {self.where(names)}", _PATIENCE_S)

    def wait_accepted(self, names):
        """As many players as there are names."""
        def accepted():
            return sum(len(relay.accepted(name, False)) for relay in self.relays for name in names)
        wait_for(lambda: accepted() >= len(names), lambda: f"{accepted()} of {len(names)} players to be accepted", _PATIENCE_S)

    def together(self, names):
        """Those of the streams whose player is at its publisher's server. REQUIRES: all are published and their players accepted"""
        return {name for relay in self.relays for name in relay.streams() & set(names) if relay.accepted(name, False)}

    @staticmethod
    def met(played, can):
        """How many of them had enough of their stream, once all of the streams that can be met are, or have had the time to be."""
        try:
            wait_for(lambda: all(each.meets() for each in played if each.stream in can), "all to meet", _PATIENCE_S, every_s=0.5)
        except DeadlineMissed:
            pass
        return sum(each.meets() for each in played)

    def peers_of(self, stream):
        """[(server, its connections of that stream)], each as the address that the server sees."""
        return [(relay.name, each["peer"]) for relay in self.relays for each in relay.accepted(stream)]

    def blocks(self, stream, phone_publishes, **options):
        """Blocks between the phone and another client."""
        ends = (self.home.phone, self.client) if phone_publishes else (self.client, self.home.phone)
        return Blocks(self.run, stream, self.vips["srt"], *ends, **options)

    def moves(self, stream, blocks, changes):
        """Each change of the phone's address; returns the report of each. The connections must be the same ones all the time."""
        before, reports = self.peers_of(stream), []
        blocks.report()
        for change in changes:
            moved = self.counts()["moved"]
            change()
            wait_for(lambda: self.counts()["moved"] > moved, "the connection to move", 10)
            blocks.wait_for_more(3)  # what came before and behind the move shall be in one report
            reports.append(blocks.report())
            assert blocks.goes_on(), "a connection ended"
        assert self.peers_of(stream) == before, (before, self.peers_of(stream))
        return reports

    def comes_to_rest(self):
        def open_flows():
            return {name: self.cleatd.api.service(name)["flows_open"] for name in ("srt", "srt6")}
        wait_for(lambda: not any(open_flows().values()), lambda: f"all connections to be over: {open_flows()}", 60, every_s=0.5)
