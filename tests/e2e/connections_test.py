# SPDX-License-Identifier: MIT
"""Many short TCP connections in nat: a thousand at 200 a second, either side closing first; LIP ports at rest."""
from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT, Flows, FlowServer
from lab.topology import Topology

COUNT, RATE = 1000, 200


class Stage:
    def __init__(self, run, build):
        self.run = run
        self.net = Topology(run, clients=4)
        self.servers = [FlowServer(run, backend) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run),
                            health={"tcp": True, "port": PORT, "interval": "1s"})
        config["services"] = [service("flows", self.net.vip, "tcp", PORT, "srs"),
                              service("flows6", self.net.vip6, "tcp", PORT, "srs6")]
        config["nat"] = {"addresses": ["10.20.0.100", "fd20::100"]}  # few ports, soon used again
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        for pool in ("srs", "srs6"):
            self.cleatd.wait_healthy(pool, 3)

    def open(self, closes, count=COUNT, clients=None):
        """Both families at once, each at RATE; every connection must end well and at once."""
        clients = clients or self.net.clients[:2]
        vips = (self.net.vip, self.net.vip6)
        name = f"{closes}-{len(self.run.pids)}"
        before = [syn_retransmissions(c) for c in clients]
        opened = [Flows(self.run, c, vip, count, RATE, closes, name=name) for c, vip in zip(clients, vips)]
        for i, vip in enumerate(vips):
            report = opened[i].report()
            again = syn_retransmissions(clients[i]) - before[i]
            say(f"{vip}: {report.flows} in {report.seconds:.1f} s, at most {report.open_at_once} open, by server "
                f"{dict(report.servers)}, {len(report.failures)} failures, {again} SYNs sent again")
            assert report.flows == count and not report.failures, report.failures[:5]
            assert len(report.servers) == 3, report.servers
            assert again <= count / 100, "servers that still remember the port do not answer a SYN at once"


def syn_retransmissions(space):
    return int(space.call("nstat", "-asz", "TcpExtTCPSynRetrans").stdout.split()[-2])


def a_thousand_connections_end_well_when_the_client_closes_first(stage):
    stage.open("client")


def a_thousand_connections_end_well_when_the_server_closes_first(stage):
    stage.open("server")


def both_directions_have_a_worker_each_by_default(stage):
    """Two ports, each feeding one queue: nothing in the config says how many workers."""
    received = [w["rx_packets"] for w in stage.cleatd.api.stats()["workers"]]
    say(f"by worker: {received}")
    assert len(received) == 2 and min(received) > COUNT, received


def connections_end_well_after_a_restart_while_lip_ports_rest(stage):
    """The servers hold the ports of the last minute in TIME-WAIT, and the new process begins at the first port. Other
    clients have other TCP time stamps, so the servers would not take a port for a new connection."""
    others = stage.net.clients[2:]
    for closes in ("server", "client"):
        stage.cleatd.kill()
        stage.cleatd.start()
        stage.open(closes, 300, others)


def a_client_port_may_be_used_again_at_once(stage):
    """The server closed first, so the client's side is free at once, long before Cleat has forgotten the flow."""
    for client in stage.net.clients[:2]:
        client.sh("echo '20000 20099' > /proc/sys/net/ipv4/ip_local_port_range")
    stage.open("server", 400)


def no_packet_was_dropped(stage):
    drops = stage.cleatd.api.drops()
    say(f"drops: {drops}")
    assert not set(drops) - {"no_flow", "reply_without_slot"}, drops


TESTS = (a_thousand_connections_end_well_when_the_client_closes_first,
         a_thousand_connections_end_well_when_the_server_closes_first,
         both_directions_have_a_worker_each_by_default,
         connections_end_well_after_a_restart_while_lip_ports_rest,
         a_client_port_may_be_used_again_at_once,
         no_packet_was_dropped)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
