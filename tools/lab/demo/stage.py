# SPDX-License-Identifier: MIT
"""The demo's stage: the lab's network with three media servers, Cleat in the middle, and the streams that cross it."""
import time

from ..cleat import Cleatd, api_path, state_path
from ..config import service
from ..media import Player
from ..nginx import Nginx
from ..topology import LIPS, Topology
from ..wait import wait_for
from .supervisor import Supervisor

POOL = "srs"
# One second after a server vanished Cleat knows: 500 ms to the next check, 300 ms until it times out, once more.
HEALTH = {"http": "/api/v1/versions", "port": 1985, "interval": "500ms", "fast_interval": "200ms",
          "timeout": "300ms", "rise": 2, "fall": 2}


class Stream:
    """A publisher under a supervisor, and a player, on one client's host: they share its address."""

    def __init__(self, stage, client):
        self.stage, self.client, self.name = stage, client, client.name
        self.url = f"rtmp://{stage.net.vip}/live/{self.name}"
        self.supervisor = Supervisor(stage.run, client, self.url, f"publish-{self.name}")
        self.player = None

    def play(self):
        self.player = Player(self.stage.run, self.client, self.url, f"play-{self.name}")
        self.started_playing = time.monotonic()

    def finish_playing(self):
        return self.player.finish()

    def origin(self, after=0.0):
        """The origin that accepted its latest publish since `after` (Unix time); None: no one did."""
        accepted = [(e.at_s, o) for o in self.stage.origins for e in o.events("publish", self.name) if e.at_s >= after]
        return max(accepted, key=lambda pair: pair[0])[1] if accepted else None

    def flows(self):
        """True from about the first second of media on."""
        carried = self.origin().streams().get(self.name)
        return carried is not None and carried.received_bytes > 40_000

    def accepted_at(self, after):
        times = [e.at_s for o in self.stage.origins for e in o.events("publish", self.name) if e.at_s >= after]
        return min(times, default=None)


class Stage:
    """build: folder with tools/cleatd and tools/cleatctl; mode: nat or dsr. Everything runs when it is made."""

    def __init__(self, run, build, mode):
        self.run, self.mode = run, mode
        self.net = Topology(run, arms=2, clients=3, dsr=mode == "dsr")
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.cleatd = Cleatd(run, self.net.balancer, build, self._config())
        self.streams = []

    def _config(self):
        ports = [{"name": "outside", "device": "veth:eth1", "address": ["10.10.0.2/24"], "gateway": "10.10.0.1"},
                 {"name": "inside", "device": "veth:eth2", "address": ["10.20.0.2/24"]}]
        backends = [{"address": b.address, "weight": 1} for b in self.net.backends]
        # With this seed the hash of the three clients' addresses gives each another server; any other seed works too.
        return {"seed": 9,
                "dataplane": {"state": str(state_path(self.run, f"state-{self.mode}")), "ports": ports},
                "nat": {"addresses": [LIPS[0]]},
                "pools": {POOL: {"pick": "maglev", "health": dict(HEALTH), "backends": backends}},
                "services": [service("rtmp", self.net.vip, "tcp", 1935, POOL, self.mode, "source-ip"),
                             service("web", self.net.vip, "tcp", 8080, POOL, self.mode, "tuple")],
                "api": {"listen": f"unix:{api_path(self.run)}"}}

    def start_cleat(self):
        """Returns the seconds until cleatd answered, and until all backends were checked and healthy."""
        begin = time.monotonic()
        self.cleatd.start()
        ready = time.monotonic()
        self.cleatd.wait_healthy(POOL, len(self.origins))
        return ready - begin, time.monotonic() - begin

    def driver(self):
        """How Cleat got at the veth: AF_XDP leaves a program attached to it."""
        links = self.net.balancer.call("ip", "-d", "link", "show", "dev", "eth1").stdout
        return "af_xdp" if "xdp" in links else "af_packet"

    def publish_until_all_carry(self, most_clients=12):
        """A stream per client; more clients until every server carries one. Which server a client gets is decided by
        a hash of its address, so three clients need not do."""
        for client in self.net.clients:
            self._publish(client)
        while any(o not in self.carried() for o in self.origins) and len(self.streams) < most_clients:
            self._publish(self.net.add_client())
        for stream in self.streams:  # a player that joins before the first key frame gets odd time stamps from nginx
            self.wait(stream.flows, f"{stream.name} to flow", 10.0)
        return self.carried()

    def _publish(self, client):
        stream = Stream(self, client)
        self.streams.append(stream)
        wait_for(stream.origin, f"the publish of {stream.name} to be accepted", 10.0)

    def carried(self):
        """{origin: [stream]} of the latest publishes."""
        found = {}
        for stream in self.streams:
            found.setdefault(stream.origin(), []).append(stream)
        return found

    def look_after_publishers(self):
        for stream in self.streams:
            stream.supervisor.look()

    def wait(self, condition, what, deadline_s):
        """wait_for() under which the supervisors go on working."""
        def look():
            self.look_after_publishers()
            return condition()
        return wait_for(look, what, deadline_s, every_s=0.02)

    def close(self):
        """Ends what runs, so that another stage can be set in the same run."""
        for stream in self.streams:
            stream.supervisor.stop()
            if stream.player:
                stream.player.child.stop()
        for part in (self.cleatd.child, *(o.child for o in self.origins)):
            part.stop()
        self.net.remove()
