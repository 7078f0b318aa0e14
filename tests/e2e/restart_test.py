# SPDX-License-Identifier: MIT
"""kill -9 of cleatd under load, and a start with another worker count and the configuration's lists turned round: 500
flows in mid-transfer and an RTMP stream go on.
"""
import time

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT, Flows, FlowServer
from lab.nginx import Nginx
from lab.topology import Topology
from streams import Stream

FLOWS = 500


class Stage:
    def __init__(self, run, build):
        self.run = run
        self.net = Topology(run, clients=2, queues=2)
        self.net.feed_queues(1)
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.servers = [FlowServer(run, backend) for backend in self.net.backends]
        self.config = config_for(self.net, api_path(run), state_path(run), workers=1)
        self.config["services"] += [service("flows", self.net.vip, "tcp", PORT, "srs"),
                                    service("flows6", self.net.vip6, "tcp", PORT, "srs6")]
        self.config["nat"]["addresses"] = [f"{lan}::{i}" if lan == "fd20" else f"{lan}.{i}"
                                           for lan in ("10.20.0", "fd20") for i in range(100, 104)]
        self.cleatd = Cleatd(run, self.net.balancer, build, self.config).start()
        self.cleatd.wait_healthy("srs", 3)
        self.cleatd.wait_healthy("srs6", 3)
        self.workers, self.flows = 1, []

    def start_traffic(self):
        client, other = self.net.clients
        self.stream = Stream(self.run, self.origins, other, self.net.vip, "on")
        self.stream.play()
        self.stream.player.wait_playing()
        self.flows = [Flows(self.run, client, self.net.vip, FLOWS // 2, 250, hold=True, name="v4"),
                      Flows(self.run, client, self.net.vip6, FLOWS // 2, 250, hold=True, name="v6")]
        for flows in self.flows:
            flows.wait_open()

    def restart(self, workers):
        """kill -9, turn the lists round, start. Returns the seconds without cleatd's answer."""
        begin = time.monotonic()
        self.cleatd.kill()
        reverse(self.config)
        self.config["dataplane"]["workers"] = workers
        self.cleatd.write(self.config)
        self.net.feed_queues(min(workers, self.workers))
        self.cleatd.start()
        self.net.feed_queues(workers)
        self.workers = workers
        return time.monotonic() - begin

    def survives(self, workers, mark):
        sockets = [server.sockets() for server in self.servers]
        down_s = self.restart(workers)
        for flows in self.flows:
            flows.wait_moved(mark)
        say(f"{workers} workers, {down_s:.1f} s without cleatd; " + next(
            line for line in reversed(self.cleatd.child.log().splitlines()) if "state taken over" in line))
        assert sum(map(len, sockets)) == FLOWS, [len(s) for s in sockets]
        assert [server.sockets() for server in self.servers] == sockets, "other connections than before"
        assert self.stream.publisher.running() and self.stream.player.running()
        ports = [line for line in self.cleatd.child.log().splitlines() if " port up " in line][-2:]
        assert all("driver=net_af_xdp" in p and f"queues={workers}" in p for p in ports), ports


def reverse(config):
    """Pools, services, backends, LIPs: other ids for all of them, if ids came from the order."""
    config["pools"] = dict(reversed(config["pools"].items()))
    for pool in config["pools"].values():
        pool["backends"].reverse()
    config["services"].reverse()
    config["nat"]["addresses"].reverse()


def five_hundred_flows_go_on_after_kill_9_with_two_workers_for_one(stage):
    stage.start_traffic()
    stage.survives(2, 1)


def they_go_on_after_another_with_one_worker_for_two(stage):
    stage.survives(1, 2)


def every_body_of_theirs_arrives_whole(stage):
    for flows in stage.flows:
        report = flows.finish()
        say(f"{report.flows} flows in {report.seconds:.0f} s, by server {dict(report.servers)}")
        assert report.flows == FLOWS // 2 and not report.failures, report.failures[:5]
        assert len(report.servers) == 3


def the_stream_played_on_without_a_gap(stage):
    player = stage.stream.player
    played = player.bytes()
    player.child.wait_until(lambda: player.bytes() > played + 20_000, "it plays on")
    recording = player.finish()
    say(f"{recording.decoded} frames decoded of {recording.packets}, {recording.seconds:.1f} s, gaps {recording.gaps}")
    assert not recording.errors and not recording.gaps and recording.decoded == recording.packets > 100


def new_flows_open_after_it(stage):
    report = Flows(stage.run, stage.net.clients[0], stage.net.vip, 100, 200, name="after").report()
    assert report.flows == 100 and not report.failures, report


def no_packet_was_misrouted(stage):
    """Since the second start. The first burst after it may be longer than the queue for next hops that are not known
    yet; but no server answers a flow of another's, and no flow is unknown.
    """
    drops = stage.cleatd.api.drops()
    say(f"drops: {drops}")
    assert not set(drops) - {"next_hop_queue_full"}, drops


TESTS = (five_hundred_flows_go_on_after_kill_9_with_two_workers_for_one,
         they_go_on_after_another_with_one_worker_for_two, every_body_of_theirs_arrives_whole,
         the_stream_played_on_without_a_gap, new_flows_open_after_it, no_packet_was_misrouted)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
