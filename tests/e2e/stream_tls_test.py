# SPDX-License-Identifier: MIT
"""HTTPS by `affinity: stream`: all of a vhost goes to one server, told by the name in the ClientHello (RFC 6066 section 3). Each vhost has
a key of its own, which only the servers have.
"""
import collections

from staged import run_on_stages, say
from tls_server import PORT, TlsServer, certify
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.nginx import BODY_BYTES, random_body
from lab.topology import Topology
from lab.traffic import fetch, sha256
from lab.wait import wait_for

TUPLE_VIP = "10.10.0.101"
VHOSTS = ("a.example", "b.example", *(f"c{i}.example" for i in range(6)))
CLIENTS = 12  # of each
LONGEST_HELLO = 1000  # bytes, of curl's


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run)
        self.client = self.net.clients[0]
        self.certificates = {vhost: certify(run, vhost) for vhost in VHOSTS}
        self.servers = [TlsServer(run, backend, self.certificates) for backend in self.net.backends]
        config = config_for(self.net, api_path(run), state_path(run), health={"tcp": True, "port": PORT, "interval": "2s"})
        del config["pools"]["srs6"]  # clients of both families shall meet
        https = {**service("https", self.net.vip, "tcp", PORT, "srs", affinity="stream"), "vhosts": list(VHOSTS)}
        config["services"] = [https, {**https, "name": "https6", "vip": self.net.vip6},
                              service("tuple", TUPLE_VIP, "tcp", PORT, "srs")]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)

    def curl(self, vhost, path, *options, vip=None):
        """A client that takes nobody else's certificate. Returns the Fetched, and its text."""
        host = vip or self.net.vip
        to = f"{vhost}:{PORT}:{f'[{host}]' if ':' in host else host}"
        fetched = fetch(self.client, f"https://{vhost}{path}", 20, "--resolve", to, "--cacert", self.certificates[vhost], *options)
        return fetched, self.run.path(f"fetched-{self.client.name}").read_bytes()

    def servers_of(self, vhost, *options, count=CLIENTS, vip=None):
        """{server: answers} to so many clients, each of that vhost."""
        answers = [self.curl(vhost, "/who", *options, vip=vip)[1].decode().split() for _ in range(count)]
        assert all(answered == vhost for answered, _ in answers), answers
        return collections.Counter(server for _, server in answers)


def by_tuple_a_vhost_is_on_all_servers(stage):
    servers = stage.servers_of("a.example", count=3 * CLIENTS, vip=TUPLE_VIP)
    assert len(servers) == len(stage.servers), servers


def by_stream_each_vhost_is_on_one(stage):
    found = {vhost: stage.servers_of(vhost) for vhost in VHOSTS}
    say({vhost: dict(servers) for vhost, servers in found.items()})
    assert all(len(servers) == 1 for servers in found.values()), found
    assert len(set().union(*found.values())) > 1, "all vhosts are on one server"


def it_is_so_by_any_version_protocol_and_family(stage):
    for vhost in VHOSTS[:2]:
        servers = stage.servers_of(vhost)
        for options in (("--tls-max", "1.2"), ("--tlsv1.3",), ("--http1.1",), ("--no-alpn",)):
            servers += stage.servers_of(vhost, *options, count=3)
        servers += stage.servers_of(vhost, vip=stage.net.vip6)
        assert len(servers) == 1, (vhost, servers)


def nothing_but_the_hello_is_read(stage):
    before = stage.cleatd.api.peeks()
    for vhost in VHOSTS:
        fetched, _ = stage.curl(vhost, "/body")
        assert (fetched.status, fetched.bytes, fetched.sha256) == (200, BODY_BYTES, sha256(random_body())), fetched
    after = stage.cleatd.api.peeks()
    began, read = (after[what] - before[what] for what in ("began", "bytes"))
    say(f"{read} bytes of {began} connections were read, which had {len(VHOSTS) * BODY_BYTES}")
    assert began == len(VHOSTS) and read < began * LONGEST_HELLO, (began, read)


def who_names_no_vhost_gets_the_server_of_the_default_one(stage):
    done = [stage.client.call("curl", "-sSfk", "--noproxy", "*", "-m", 20, f"https://{stage.net.vip}/who").stdout for _ in range(CLIENTS)]
    assert len(set(done)) == 1 and done[0].startswith(VHOSTS[0]), done


def nothing_is_left_of_them(stage):
    def left():
        flows = {name: count for name in ("https", "https6") if (count := stage.cleatd.api.service(name)["flows_open"])}
        return flows, stage.cleatd.api.peeks()["in_use"]
    wait_for(lambda: not any(left()), lambda: f"all connections to be over, these flows and peeks: {left()}", 30)
    peeks = stage.cleatd.api.peeks()
    say(f"peeks {peeks}, drops {stage.cleatd.api.drops()}")
    assert peeks["began"] == peeks["ends"]["joined"], peeks


TESTS = (by_tuple_a_vhost_is_on_all_servers, by_stream_each_vhost_is_on_one, it_is_so_by_any_version_protocol_and_family,
         nothing_but_the_hello_is_read, who_names_no_vhost_gets_the_server_of_the_default_one, nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
