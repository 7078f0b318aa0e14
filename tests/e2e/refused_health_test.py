# SPDX-License-Identifier: MIT
"""A server that refuses its health check, as one that drains does, keeps its flows: none is cut. When all do, checks are
not believed: all get new ones.

CLEAT_E2E_REFUSED_S: for how long every server refuses (10 s).
"""
import os
import time

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.crowd import ask_who
from lab.flows import PORT, Flows, FlowServer
from lab.nginx import API_PORT, Nginx
from lab.topology import Topology
from lab.wait import wait_for
from streams import Stream

REFUSED_S = float(os.environ.get("CLEAT_E2E_REFUSED_S", "10"))
FLOWS = 60
_RULES = """
table inet refuse {{
  chain in {{ type filter hook input priority filter; tcp dport {port} reject with tcp reset; }}
}}
"""


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, clients=2)
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.servers = [FlowServer(run, backend) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run))
        config["services"] += [service("flows", self.net.vip, "tcp", PORT, "srs"),
                               service("flows6", self.net.vip6, "tcp", PORT, "srs6")]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)
        self.cleatd.wait_healthy("srs6", 3)
        client, other = self.net.clients
        self.stream = Stream(run, self.origins, other, self.net.vip, "on")
        self.stream.play()
        self.flows = [Flows(run, client, vip, FLOWS // 2, 60, hold=True, name=name)
                      for name, vip in (("v4", self.net.vip), ("v6", self.net.vip6))]
        for flows in self.flows:
            flows.wait_open()
        self.sockets, self.marks = self.open_sockets(), 0
        assert all(self.sockets) and sum(map(len, self.sockets)) == FLOWS

    def open_sockets(self):
        return [server.sockets() for server in self.servers]

    def refuse(self, backends):
        rules = self.run.path("refuse.nft")
        rules.write_text(_RULES.format(port=API_PORT))
        for backend in backends:
            backend.call("nft", "-f", rules)

    def wait_state(self, state, backends):
        for pool, field in (("srs", "address"), ("srs6", "address6")):
            wanted = {getattr(b, field) for b in backends}
            wait_for(lambda: wanted <= {n for n, b in self.cleatd.api.backends(pool).items() if b["state"] == state},
                     f"{len(wanted)} backends of {pool} to be {state}", 20)

    def flows_go_on(self):
        self.marks += 1
        for flows in self.flows:
            flows.wait_moved(self.marks)
        assert self.open_sockets() == self.sockets, "other connections than before"


def a_server_that_refuses_gets_no_new_connections_and_keeps_its_own(stage):
    first = stage.net.backends[:1]
    stage.refuse(first)
    stage.wait_state("down", first)
    answered = ask_who(stage.net, stage.net.vip, 40)
    assert not answered.failures and set(answered.answers) == {"backend2", "backend3"}, answered
    assert stage.cleatd.api.backends("srs")[first[0].address]["health"]["reason"] == "refused"
    stage.flows_go_on()


def no_flow_is_cut_while_every_server_refuses(stage):
    stage.refuse(stage.net.backends[1:])
    stage.wait_state("down", stage.net.backends)
    until = time.monotonic() + REFUSED_S
    while time.monotonic() < until:
        stage.flows_go_on()
        time.sleep(0.5)
    stage.wait_state("down", stage.net.backends)
    cut = sum(len(was - now) for was, now in zip(stage.sockets, stage.open_sockets()))
    say(f"{cut} of {FLOWS} flows cut in {REFUSED_S:g} s")
    assert cut == 0


def new_connections_are_spread_over_all_of_them_meanwhile(stage):
    """They serve, whatever became of the port that is checked."""
    answered = ask_who(stage.net, stage.net.vip, 60, 50)
    assert not answered.failures and len(answered.answers) == 3, answered
    assert "no_backend" not in stage.cleatd.api.drops()
    assert "panic: health ignored pool=srs down=3 of=3" in stage.cleatd.child.log()


def all_serve_again_when_they_answer(stage):
    for backend in stage.net.backends:
        backend.call("nft", "delete", "table", "inet", "refuse")
    stage.wait_state("up", stage.net.backends)
    answered = ask_who(stage.net, stage.net.vip, 60, 200)
    assert not answered.failures and len(answered.answers) == 3, answered


def flows_and_stream_were_whole(stage):
    for flows in stage.flows:
        report = flows.finish()
        assert report.flows == FLOWS // 2 and not report.failures, report.failures[:3]
    recording = stage.stream.player.finish()
    say(f"{recording.decoded} of {recording.packets} frames decoded, {recording.seconds:.1f} s, gaps {recording.gaps}")
    assert not recording.errors and not recording.gaps and recording.decoded == recording.packets, recording
    assert recording.seconds > REFUSED_S


TESTS = (a_server_that_refuses_gets_no_new_connections_and_keeps_its_own, no_flow_is_cut_while_every_server_refuses,
         new_connections_are_spread_over_all_of_them_meanwhile, all_serve_again_when_they_answer, flows_and_stream_were_whole)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
