# SPDX-License-Identifier: MIT
"""The lab's network: clients, Cleat's host, backends and a router, cabled to two switches.

    client1 .21  client2 .22 ...  crowd .9            backend1 .11  backend2 .12  backend3 .13
         |            |              |                     |             |             |
    =====+============+======+=======+=====           =====+=======+=====+=============+=====
      outside: 10.10.0.0/24  |        |                    |       |     inside: 10.20.0.0/24
               fd10::/64     |        +--- router .1 .1 ---+       |             fd20::/64
                             |                                     |
                             +--- eth1 .2   balancer   eth2 .2 ----+          one arm: eth2 only

The crowd owns 10.99.0.0/16 and fd99::/64 whole, so that connections come from as many distinct addresses as wanted.
The router carries what does not go through Cleat: replies in `dsr`, the crowd's addresses, clients to a one-armed Cleat.
"""
from .link import Switch
from .namespace import Namespace

VIP = {2: ("10.10.0.100", "fd10::100"), 1: ("10.20.0.200", "fd20::200")}
LIPS = ("10.20.0.100/30", "fd20::100/126")
CROWD = ("10.99.0.0/16", "fd99::/64")


class Host(Namespace):
    """A namespace with one place in the lab: address (IPv4) and address6."""

    def __init__(self, run, name, address=None, address6=None):
        super().__init__(run, name)
        self.address, self.address6 = address, address6


class Topology:
    """arms  2: clients and backends on different ports of Cleat; 1: Cleat has only a port on the inside
    clients, backends  how many of each
    dsr      backends carry the VIPs on their loopback and reply by way of the router
    queues   receive queues of Cleat's interfaces, as many as workers at most; feed_queues() says how many are in use.
             None: as ip(8) makes them, one is fed
    """

    def __init__(self, run, arms=2, clients=1, backends=3, dsr=False, queues=None):
        self.run, self.arms, self.dsr, self.queues = run, arms, dsr, queues
        self.vip, self.vip6 = VIP[arms]
        self.outside = Switch(run, "outside")
        self.inside = Switch(run, "inside")
        self.router = self._router()
        self.balancer = self._balancer()
        self.crowd = self._client("crowd", 9)
        self.crowd.ip(*(f"route add local {network} dev lo" for network in CROWD))
        self.clients = []
        for _ in range(clients):
            self.add_client()
        self.backends = [self._backend(i) for i in range(1, backends + 1)]

    def add_client(self):
        """One more host on the outside: the next clientN."""
        number = len(self.clients) + 1
        self.clients.append(self._client(f"client{number}", 20 + number))
        return self.clients[-1]

    def _router(self):
        router = Host(self.run, "router", "10.10.0.1", "fd10::1")
        router.forward_packets()
        self.outside.plug(router, ("10.10.0.1/24", "fd10::1/64"), "eth1")
        self.inside.plug(router, ("10.20.0.1/24", "fd20::1/64"), "eth2")
        router.ip(f"route add {CROWD[0]} via 10.10.0.9", f"route add {CROWD[1]} via fd10::9")
        return router

    def _balancer(self):
        balancer = Host(self.run, "balancer", "10.20.0.2", "fd20::2")
        if self.arms == 2:
            self.outside.plug(balancer, interface="eth1", faces_cleat=True, queues=self.queues)
        self.inside.plug(balancer, interface="eth2", faces_cleat=True, queues=self.queues)
        return balancer

    def feed_queues(self, count):
        """The switches spread what they send to Cleat over so many of its queues. A veth takes no XDP program while its
        peer sends to more queues than it has.
        """
        for switch, port in ((self.outside, "balancer-eth1"), (self.inside, "balancer-eth2"))[2 - self.arms:]:
            switch.space.call("ethtool", "-L", port, "tx", count)

    def _client(self, name, number):
        client = Host(self.run, name, f"10.10.0.{number}", f"fd10::{number}")
        self.outside.plug(client, (f"{client.address}/24", f"{client.address6}/64"))
        client.ip("route add default via 10.10.0.1", "route add default via fd10::1")
        return client

    def _backend(self, number):
        backend = Host(self.run, f"backend{number}", f"10.20.0.{10 + number}", f"fd20::{10 + number}")
        self.inside.plug(backend, (f"{backend.address}/24", f"{backend.address6}/64"))
        self._route_backend(backend)
        if self.dsr:
            backend.ip(f"address add {self.vip}/32 dev lo", f"address add {self.vip6}/128 dev lo nodad")
        return backend

    @staticmethod
    def _route_backend(backend):
        backend.ip("route replace default via 10.20.0.1", "route replace default via fd20::1")

    def remove(self):
        """Deletes every namespace now rather than at the end of the run, so that another topology may follow."""
        for space in (*self.clients, self.crowd, *self.backends, self.balancer, self.router, self.outside.space,
                      self.inside.space):
            space.delete()

    @staticmethod
    def cut(backend):
        """The host is gone: no FIN, no RST, no ICMP."""
        backend.ip("link set eth0 down")

    def restore(self, backend):
        backend.ip("link set eth0 up")
        self._route_backend(backend)  # the kernel dropped the routes with the link
