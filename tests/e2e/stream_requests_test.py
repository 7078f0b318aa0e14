# SPDX-License-Identifier: MIT
"""Requests for several streams on one HTTP connection, by a real client: each is answered by its own stream's server, and the connection
lasts as long as that is the same.
"""
import collections

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.nginx import WEB_PORT, Nginx
from lab.topology import Topology

STREAMS = [f"/live/cam{i}.flv" for i in range(20)]


class Stage:
    """Each server has each stream as a file that says whose it is."""

    def __init__(self, run, build):
        self.net = Topology(run)
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        for origin in self.origins:
            (origin.www / "live").mkdir()
            for stream in STREAMS:
                (origin.www / stream[1:]).write_text(f"{origin.name}\n")
        config = config_for(self.net, api_path(run), state_path(run))
        config["services"] = [service("web", self.net.vip, "tcp", WEB_PORT, "srs", affinity="stream")]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)

    def ask(self, streams, *options):
        """[(server, connections that were opened for it)] of each request, by one client, one after the other."""
        urls = [f"http://{self.net.vip}:{WEB_PORT}{stream}" for stream in streams]
        done = self.net.clients[0].call("curl", "-sSf", "--noproxy", "*", "-m", 30, "-w", "%{num_connects}\n", *options, *urls)
        words = done.stdout.split()
        return list(zip(words[::2], map(int, words[1::2])))

    def owners(self):
        return [self.ask([stream])[0][0] for stream in STREAMS]


def each_request_is_answered_by_its_streams_server(stage):
    owners = stage.owners()
    assert len(set(owners)) > 1, owners
    for options in ((), ("-H", "Cookie: " + 3000 * "c")):
        before = stage.cleatd.api.peeks()
        answers = stage.ask(STREAMS, *options)
        assert [server for server, _ in answers] == owners, (owners, answers)
        changes = sum(one != other for one, other in zip(owners, owners[1:]))
        after = stage.cleatd.api.peeks()
        assert after["later_requests"] - before["later_requests"] == len(STREAMS) - 1, after
        assert after["led_elsewhere"] - before["led_elsewhere"] == changes, (changes, after)
    say(f"{len(STREAMS)} requests of one client: {dict(collections.Counter(owners))}, led elsewhere {changes} times")


def a_connection_that_asks_one_server_only_is_kept(stage):
    owners = stage.owners()
    of_one = [stream for stream, owner in zip(STREAMS, owners) if owner == owners[0]]
    answers = stage.ask(of_one)
    assert answers == [(owners[0], 1)] + [(owners[0], 0)] * (len(of_one) - 1), answers


TESTS = (each_request_is_answered_by_its_streams_server, a_connection_that_asks_one_server_only_is_kept)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
