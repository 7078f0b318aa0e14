# SPDX-License-Identifier: MIT
"""Real RTMP: ffmpeg publishes through the VIP to one of three nginx, ffmpeg plays it back, ffprobe decodes every frame.
In both modes and families, with two arms and with one; publisher and player share an address, hence (`source-ip`) a
server.
"""
from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.media import FRAMES_PER_S
from lab.nginx import RTMP_PORT, Nginx
from lab.topology import Topology
from lab.wait import wait_for
from streams import Stream

SECONDS = 5  # played of each stream
NAT_VIP = {2: ("10.10.0.101", "fd10::101"), 1: ("10.20.0.201", "fd20::201")}  # not on the backends' loopback


class Stage:
    """All streams at once; each test looks at one."""

    def __init__(self, run, build, arms):
        self.run, self.net = run, Topology(run, arms=arms, clients=4, dsr=True)
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run))
        vips = {"dsr": (self.net.vip, self.net.vip6), "nat": NAT_VIP[arms]}
        config["services"] = [service(f"{mode}-{pool}", vip, "tcp", RTMP_PORT, pool, mode, "source-ip")
                              for mode in vips for vip, pool in zip(vips[mode], ("srs", "srs6"))]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)
        self.cleatd.wait_healthy("srs6", 3)
        ways = [(mode, i) for mode in vips for i in (0, 1)]
        self.streams = {(mode, i): Stream(run, self.origins, client, vips[mode][i], f"{mode}{'46'[i]}")
                        for client, (mode, i) in zip(self.net.clients, ways)}
        for stream in self.streams.values():
            stream.play(SECONDS)

    def plays(self, mode, family):
        stream = self.streams[mode, family]
        wait_for(lambda: not stream.player.running(), f"{stream.name} to be played", 60)
        recording = stream.player.finish()
        origin = stream.origin()
        addresses = {e.call: e.address for e in origin.events(stream=stream.name)}
        say(f"{origin.name} saw {addresses}; {recording.decoded} of {recording.packets} frames decoded, "
            f"{recording.seconds:.1f} s, gaps {recording.gaps}")
        assert not recording.errors and not recording.gaps, recording
        assert recording.decoded == recording.packets >= FRAMES_PER_S * (SECONDS - 1), recording
        own = (stream.client.address, stream.client.address6)[family]
        assert set(addresses) == {"publish", "play"}
        assert all((a == own) == (mode == "dsr") for a in addresses.values()), addresses
        traffic = self.cleatd.api.service(f"{mode}-{('srs', 'srs6')[family]}")
        assert traffic["packets_in"] > 50 and (traffic["packets_out"] > 50) == (mode == "nat"), traffic


def two_arms(run, build):
    return Stage(run, build, 2)


def one_arm(run, build):
    return Stage(run, build, 1)


def a_stream_is_published_and_played_in_nat(stage):
    stage.plays("nat", 0)


def a_stream_is_published_and_played_in_nat_over_ipv6(stage):
    stage.plays("nat", 1)


def a_stream_is_published_and_played_in_dsr(stage):
    stage.plays("dsr", 0)


def a_stream_is_published_and_played_in_dsr_over_ipv6(stage):
    stage.plays("dsr", 1)


TESTS = (a_stream_is_published_and_played_in_nat, a_stream_is_published_and_played_in_nat_over_ipv6,
         a_stream_is_published_and_played_in_dsr, a_stream_is_published_and_played_in_dsr_over_ipv6)

if __name__ == "__main__":
    run_on_stages((two_arms, TESTS), (one_arm, TESTS))
