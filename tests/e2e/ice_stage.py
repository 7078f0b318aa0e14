# SPDX-License-Identifier: MIT
"""Three WebRTC servers behind Cleat in nat, two workers; a real browser behind a NAT, another one without.

    phone --- NAT (client1) ---+
    desk (client2) ------------+--- Cleat --- backend1 backend2 backend3

Media goes through Cleat to the VIP, UDP 8000. So does HTTP (1985); by the router each server is reached alone, too.
"""
from staged import say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology
from lab.traffic import url
from lab.wait import wait_for
from browser import HTTP_PORT, Browser, whip_url
from nat_home import NatHome
from quic_peers import host_and_port
from whip_peers import UDP_PORT, WhipServer

WORKERS = 2
OWN_PORT = 19850  # of the VIP: leads to server 0's HTTP, the next one to server 1's...
UFRAG_KEY = "8f95f09245765f80256934e50c66207f"
RUNGS = ("ufrag", "whip", "ask", "hash")


def only(*rungs):
    """The service's `ice` with these rungs and no other."""
    return {rung: rung in rungs for rung in RUNGS}


class Stage:
    """ice  of the services rtc (and rtc6); start() starts cleatd"""

    def __init__(self, run, build, ice=None, desk=False):
        self.run, self.build = run, build
        self.net = net = Topology(run, clients=2, queues=WORKERS)
        self.home = NatHome(run, net.clients[0], ipv6=True)
        self.servers = [WhipServer(run, b, build, candidate=net.vip) for b in net.backends]
        self.servers6 = [WhipServer(run, b, build, address=b.address6, candidate=net.vip6) for b in net.backends]
        self.phone = Browser(run, self.home.phone, size=(160, 120), rate=10)
        self.desk = Browser(run, net.clients[1], size=(160, 120), rate=10) if desk else None
        self.streams = 0
        self.cleatd = Cleatd(run, net.balancer, build, self._config(ice or {})).start()

    def _config(self, ice):
        config = config_for(self.net, api_path(self.run), state_path(self.run), workers=WORKERS)
        config["services"] = []
        for family, vip, pool in (("", self.net.vip, "srs"), ("6", self.net.vip6, "srs6")):
            backends = config["pools"][pool]["backends"]
            config["pools"][pool] = {"backends": backends, "ice_ufrag": {
                "key": UFRAG_KEY, "servers": {i + 1: b["address"] for i, b in enumerate(backends)}}}
            config["services"] += [
                service("rtc" + family, vip, "udp", UDP_PORT, pool, affinity="ice") | {"ice": ice},
                service("api" + family, vip, "tcp", HTTP_PORT, pool) | {"reads": "whip"}]
            for i, backend in enumerate(backends):  # a way through Cleat to each server's HTTP
                name = f"api{family}-of-{i}"
                address = host_and_port(backend["address"], HTTP_PORT)
                config["pools"][name] = {"backends": [{"address": address, "weight": 100}]}
                config["services"].append(service(name, vip, "tcp", OWN_PORT + i, name) | {"reads": "whip"})
        return config

    def use(self, **ice):
        """From now on new sessions are found so."""
        before = self.cleatd.api.get("/v1/status")["generation"]
        self.cleatd.write(self._config(ice))
        self.cleatd.reload()
        wait_for(lambda: self.cleatd.api.get("/v1/status")["generation"] > before, "the other ladder to be in force")

    def counts(self):
        """The session counters of `cleatctl stats show`."""
        return self.cleatd.api.get("/v1/stats")["sessions"]

    def sessions(self):
        """{username: what Cleat knows of it}"""
        return {s["username"]: s for s in self.cleatd.api.get("/v1/sessions?limit=1000")["sessions"]}

    def session(self, username):
        """None: Cleat does not know it."""
        return self.sessions().get(username)

    def name(self):
        self.streams += 1
        return f"show{self.streams}"

    def owner(self, username, servers=None):
        """(server, what it says of the session); one and only one must have it."""
        having = [(s, s.session(username)) for s in servers or self.servers]
        having = [(s, seen) for s, seen in having if seen]
        assert len(having) == 1, (username, having)
        return having[0]

    def strays(self):
        """Packets that came to a server for nobody there, all servers together."""
        return sum(sum(s.stats()[1].values()) for s in self.servers + self.servers6)

    def publish(self, browser=None, vip=None, **query):
        """(name, publisher) with media."""
        name = self.name()
        peer = (browser or self.phone).publish(whip_url(vip or self.net.vip, name, **query)).wait_media(3)
        return name, peer

    def play(self, server, name, browser=None, wait=True):
        """A player of a stream on that server: HTTP and media through Cleat; wait: until it has media."""
        six = server in self.servers6
        number = (self.servers6 if six else self.servers).index(server)
        where = url(self.net.vip6 if six else self.net.vip, f"/rtc/v1/whep/?app=live&stream={name}", OWN_PORT + number)
        player = (browser or self.phone).play(where)
        return player.wait_packets() if wait else player


def show(title, values, unit="ms"):
    ordered = sorted(values)
    say(f"{title}: median {ordered[len(ordered) // 2]:.0f} {unit}, worst {ordered[-1]:.0f} {unit} of {len(ordered)}")
