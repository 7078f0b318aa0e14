# SPDX-License-Identifier: MIT
"""Weight and drain by cleatctl: the next connection follows, open ones stay, restarts keep them, reset undoes them."""
import json

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.crowd import ask_who
from lab.flows import PORT, Flows, FlowServer
from lab.nginx import Nginx
from lab.topology import Topology

FLOWS, CONNECTIONS, MOST_OFF = 90, 300, 30


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run)
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.servers = [FlowServer(run, backend) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run))
        config["services"].append(service("flows", self.net.vip, "tcp", PORT, "srs"))
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)
        self.flows = Flows(run, self.net.clients[0], self.net.vip, FLOWS, 90, hold=True).wait_open()
        self.sockets, self.mark, self.next_source = self.open_sockets(), 0, 1
        assert all(self.sockets) and sum(map(len, self.sockets)) == FLOWS

    def open_sockets(self):
        return [server.sockets() for server in self.servers]

    def weigh(self, *weights):
        for backend, weight in zip(self.net.backends, weights):
            self.cleatd.ctl("backend", "weight", "srs", backend.address, weight)

    def spread(self, weights, count=CONNECTIONS, most_off=MOST_OFF):
        """`count` new connections from as many addresses, one after the other: each server gets its share."""
        answered = ask_who(self.net, self.net.vip, count, self.next_source)
        self.next_source += count
        assert not answered.failures, answered.failures[:3]
        expected = {b.name: count * w / sum(weights) for b, w in zip(self.net.backends, weights)}
        say(f"{count} connections: {dict(answered.answers)}, expected {expected}")
        for name, share in expected.items():
            assert abs(answered.answers[name] - share) <= (most_off if share else 0), name

    def open_ones_stay(self):
        self.mark += 1
        self.flows.wait_moved(self.mark)
        assert self.open_sockets() == self.sockets, "other connections than before"

    def backends(self):
        return json.loads(self.cleatd.ctl("--json", "pool", "show", "srs").stdout)["backends"]

    def restart(self):
        self.cleatd.kill()
        self.cleatd.start()


def weights_3_1_1_spread_300_new_connections(stage):
    stage.weigh(3, 1, 1)
    stage.spread((3, 1, 1))
    stage.open_ones_stay()


def a_weight_takes_effect_on_the_next_connection(stage):
    """No settling: each change is followed at once."""
    for weights in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        stage.weigh(*weights)
        stage.spread(weights, 10)
    stage.open_ones_stay()


def a_drained_backend_takes_no_new_connections_and_keeps_the_open_ones(stage):
    stage.weigh(1, 1, 1)
    stage.cleatd.ctl("backend", "drain", "srs", stage.net.backends[1].address, "--deadline", 600)
    stage.spread((1, 0, 1), 60)
    stage.open_ones_stay()
    drained = stage.backends()[1]
    assert drained["state"] == "draining" and drained["drain"]["flows_open"] >= len(stage.sockets[1]), drained


def weight_and_drain_are_there_after_kill_9_and_a_restart(stage):
    stage.weigh(3, 1, 1)
    before = stage.backends()
    stage.restart()
    after = stage.backends()
    fields = ("backend", "weight", "config_weight", "override_weight")
    assert [[b[f] for f in fields] for b in after] == [[b[f] for f in fields] for b in before]
    assert after[1]["state"] == "draining" and 0 < after[1]["drain"]["remaining_s"] <= 600, after[1]
    stage.spread((3, 0, 1), 100)
    stage.open_ones_stay()


def a_reload_keeps_them(stage):
    stage.cleatd.ctl("config", "reload")
    stage.spread((3, 0, 1), 100)


def undrain_takes_the_backend_in_again(stage):
    stage.cleatd.ctl("backend", "undrain", "srs", stage.net.backends[1].address)
    stage.spread((3, 1, 1), 150)


def reset_undoes_all_of_them_also_after_a_restart(stage):
    stage.cleatd.ctl("backend", "drain", "srs", stage.net.backends[0].address)
    stage.cleatd.ctl("backend", "reset")
    for _ in range(2):
        assert all(b["weight"] == 100 and b["override_weight"] is None and b["state"] in ("up", "unknown")
                   for b in stage.backends()), stage.backends()
        stage.spread((1, 1, 1), 150)
        stage.restart()


def the_connections_open_before_were_whole_to_the_end(stage):
    stage.open_ones_stay()
    report = stage.flows.finish()
    say(f"{report.flows} flows in {report.seconds:.0f} s, by server {dict(report.servers)}")
    assert report.flows == FLOWS and not report.failures, report.failures[:3]
    assert [report.servers[s.space.name] for s in stage.servers] == [len(s) for s in stage.sockets]


TESTS = (weights_3_1_1_spread_300_new_connections, a_weight_takes_effect_on_the_next_connection,
         a_drained_backend_takes_no_new_connections_and_keeps_the_open_ones,
         weight_and_drain_are_there_after_kill_9_and_a_restart, a_reload_keeps_them, undrain_takes_the_backend_in_again,
         reset_undoes_all_of_them_also_after_a_restart, the_connections_open_before_were_whole_to_the_end)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
