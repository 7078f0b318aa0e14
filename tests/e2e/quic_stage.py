# SPDX-License-Identifier: MIT
"""Three QUIC servers of each kind behind Cleat in nat, two workers, each fed by a queue of each port."""
from staged import say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology
from quic_peers import PORT, Ids, QuicClient, QuicServer, counted, moved

KEY, OTHER_KEY = "8f95f09245765f80256934e50c66207f", "fdf726a9893ec05c0632d3956680baf0"
CONNECTIONS = 20
SECOND, SECOND6 = "10.10.0.121", "fd10::121"  # more addresses of the first client
MOVES = {"rebind_at": (2, 5), "migrate_at": (3, 6)}
WORKERS = 2


class Stage:
    """serve() adds servers and a service before start() starts cleatd."""

    def __init__(self, run, build):
        self.run, self.build = run, build
        self.net = Topology(run, clients=2, queues=WORKERS)
        self.client = self.net.clients[0]
        self.client.ip(f"address add {SECOND}/24 dev eth0", f"address add {SECOND6}/64 dev eth0 nodad")
        self.config = config_for(self.net, api_path(run), state_path(run), workers=WORKERS)
        self.config["pools"], self.config["services"] = {}, []
        self.cleatd, self.servers, self.services = None, {}, {}

    def serve(self, name, port, ids, known=None, vip=None, affinity="quic", servers=None, **options):
        """Service and pool of that name. ids: the servers' Ids; known: those that Cleat knows, None: the same.
        servers: those of another service, with these ids as they are.
        """
        vip = vip or self.net.vip
        addresses = [b.address6 if ":" in vip else b.address for b in self.net.backends]
        self.servers[name] = servers or [
            QuicServer(self.run, backend, self.build, [each.of(i) for each in ids], addresses[i], port, **options)
            for i, backend in enumerate(self.net.backends)]
        pool = {"backends": addresses}
        if affinity == "quic":
            pool["quic_lb"] = [each.config(addresses) for each in known or ids]
        self.config["pools"][name] = pool
        self.config["services"].append(service(name, vip, "udp", port, name, affinity=affinity))
        self.services[name] = vip, port

    def start(self):
        self.cleatd = Cleatd(self.run, self.net.balancer, self.build, self.config).start()
        return self

    def ask(self, name, space=None, connections=CONNECTIONS, **options):
        vip, port = self.services[name]
        return QuicClient(self.run, space or self.client, self.build, vip, port, connections, name=f"quic-{name}", **options)

    def both_addresses(self, name):
        return [self.client.address6, SECOND6] if ":" in self.services[name][0] else [self.client.address, SECOND]

    def all_live(self, name, moves=0, between=lambda client: None, **options):
        """Asks; between(client) may do something at its pauses. All connections must live on, each on one server, which
        must have proved 1 + moves paths of it, `moves` being the client's own (told) or another's. Returns the Report.
        """
        servers = self.servers[name]
        before, strays = counted(servers), sum(s.count("stray") for s in servers)
        client = self.ask(name, **options)
        between(client)
        report = client.report()
        paths = moved(servers, before)
        strays = sum(s.count("stray") for s in servers) - strays
        say(f"{name}: {report.good} of {CONNECTIONS} live, {sum(paths) - len(paths)} moves of {len(paths)} connections "
            f"proved by their servers, {strays} strays; by server {dict(report.servers)}")
        assert report.good == CONNECTIONS and not report.broken, report
        assert sum(report.servers.values()) == len(paths) == CONNECTIONS, (report, paths)
        # A move right behind another may come before its path is proved; on a busy machine twice of one connection.
        assert max(paths) <= 1 + moves and min(paths) >= max(moves - 1, 1) and strays == 0, (paths, strays)
        assert sum(paths) >= CONNECTIONS * (1 + moves) - CONNECTIONS / 5, paths
        return report

    def most_break(self, name, **options):
        """The negative control: of four moves each, one in 3^4 connections would live by chance."""
        report = self.ask(name, answer_within_ms=2000, local=self.both_addresses(name), **MOVES, **options).report()
        strays = sum(s.count("stray") for s in self.servers[name])
        say(f"{name}: {report.broken} of {CONNECTIONS} break ({dict(report.why)}), {strays} strays so far")
        assert report.broken >= CONNECTIONS * 3 / 4 and strays > 0, report
        assert set(report.why) <= {"no answer", "another server"}, report


SEALED, CLEAR = Ids(0, KEY), Ids(1)
SINGLE = Ids(2, KEY, 8, 8)
TUPLE_VIP, WRONG_KEY_VIP = "10.10.0.102", "10.10.0.101"


def queues_used(space, interface="eth1"):
    """[packets that each receive queue of Cleat's outside port has had], as the kernel counts them."""
    lines = space.call("ethtool", "-S", interface).stdout.splitlines()
    counts = dict(line.strip().split(": ") for line in lines if ": " in line)
    return [int(counts[f"rx_queue_{i}_xdp_packets"]) for i in range(WORKERS)]
