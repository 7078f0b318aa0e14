# SPDX-License-Identifier: MIT
"""Streams whose server is told: by the servers themselves, by an operator, by a service's routes. A player gets the one that has it."""
import json

from staged import run_on_stages, say
from stream_origin import WEB_PORT, StreamOrigin
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology

STREAMS, DEADLINE_S = 30, 30


class Stage:
    """Servers 1 and 2 are of pool srs, which asks them what they have; server 3 is customer.a's own."""

    def __init__(self, run, build):
        self.net = Topology(run)
        self.origins = [StreamOrigin(run, backend) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run), workers=1)
        addresses = [backend.address for backend in self.net.backends]
        config["pools"] = {"srs": {"streams": {"interval": "1s"}, "backends": addresses[:2]}, "a": {"backends": addresses[2:]}}
        http = service("http", self.net.vip, "tcp", WEB_PORT, "srs", affinity="stream")
        config["services"] = [{**http, "vhosts": ["customer.a"], "routes": [{"vhost": "customer.a", "pool": "a"}]}]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()

    def play(self, stream, host="media.example"):
        """Name of the server that a player of /live/`stream` got."""
        return self.net.clients[0].call("curl", "-sS", "--max-time", 10, "-H", f"Host: {host}",
                                        f"http://{self.net.vip}:{WEB_PORT}/live/{stream}.flv").stdout

    def counts(self):
        return self.cleatd.api.stats()["streams"]

    def wait_for(self, met, what):
        return self.cleatd.child.wait_until(met, what, DEADLINE_S)

    def publish(self, *urls_of_each):
        """Past Cleat; until Cleat has heard of them."""
        for origin, urls in zip(self.origins, urls_of_each):
            origin.say(urls)
        wanted = {(url, self.net.backends[i].address) for i, urls in enumerate(urls_of_each) for url in urls}
        self.wait_for(lambda: wanted <= {(s["stream"], s["backend"]) for s in self.streams() if s["published"]},
                      f"{len(wanted)} streams to be known")

    def streams(self):
        return self.cleatd.api.get("/v1/streams?limit=1000")["streams"]


def players_find_the_server_that_says_it_has_their_stream(stage):
    names = [f"cam{i}" for i in range(STREAMS)]
    stage.publish([f"/live/{n}" for n in names[::2]], [f"/live/{n}" for n in names[1::2]])
    for i, name in enumerate(names):
        assert stage.play(name) == stage.net.backends[i % 2].name, name
    say(stage.counts())


def a_server_whose_api_fails_keeps_its_streams(stage):
    stage.publish(["/live/kept"], [])
    failed = stage.counts()["polls"]["failed"]
    stage.origins[0].say(None)
    stage.wait_for(lambda: stage.counts()["polls"]["failed"] >= failed + 3, "three requests to fail")
    backend = stage.cleatd.api.backends("srs")[stage.net.backends[0].address]
    assert backend["streams"]["reason"] == "status 500", backend
    assert stage.play("kept") == stage.net.backends[0].name


def of_two_servers_that_claim_a_stream_the_first_keeps_it(stage):
    stage.publish(["/live/twice"], [])
    stage.origins[1].say(["/live/twice"])
    stage.wait_for(lambda: stage.counts()["conflicts"] > 0, "a conflict to be counted")
    assert stage.play("twice") == stage.net.backends[0].name
    stage.origins[1].say([])


def a_moved_streams_next_player_gets_its_new_server(stage):
    stage.publish([], ["/live/moved"])
    assert stage.play("moved") == stage.net.backends[1].name
    stage.origins[1].say([])
    stage.cleatd.ctl("stream", "move", "http", "/live/moved", stage.net.backends[0].address)
    assert stage.play("moved") == stage.net.backends[0].name


def where_says_what_the_next_player_gets(stage):
    for i in range(STREAMS):
        said = json.loads(stage.cleatd.ctl("--json", "stream", "where", "http", f"/live/new{i}").stdout)
        got = stage.play(f"new{i}")
        assert said["player"]["backend"] in {b.address for b in stage.net.backends if b.name == got}, (said, got)


def a_vhosts_players_get_a_server_of_its_routes_pool(stage):
    for i in range(STREAMS):
        assert stage.play(f"own{i}", "customer.a") == stage.net.backends[2].name
        assert stage.play(f"own{i}", "customer.b") != stage.net.backends[2].name


TESTS = (players_find_the_server_that_says_it_has_their_stream, a_server_whose_api_fails_keeps_its_streams,
         of_two_servers_that_claim_a_stream_the_first_keeps_it, a_moved_streams_next_player_gets_its_new_server,
         where_says_what_the_next_player_gets, a_vhosts_players_get_a_server_of_its_routes_pool)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
