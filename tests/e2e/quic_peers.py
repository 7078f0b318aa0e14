# SPDX-License-Identifier: MIT
"""Real QUIC endpoints (tests/peers): servers with QUIC-LB connection ids, clients that move, and what both saw.

    ids = Ids(config_id=0, key="8f95...", nonce_length=5)
    servers = [QuicServer(run, backend, build, [ids.of(i)]) for i, backend in enumerate(net.backends)]
    report = QuicClient(run, net.clients[0], build, net.vip, rebind_at=(2,), migrate_at=(4,)).report()
"""
import collections
import os
import shutil
import signal
from pathlib import Path

from lab.binaries import SOURCE
from teller import Teller

PORT = 4433
PROGRAM = "tests/peers/quic-echo"
MODULES = Path("/var/cache/cleat/npm/node_modules")  # where tools/install puts them

# good, broken: connections; moves: rebindings and migrations; servers: {name: connections}; why: {text: connections}
Report = collections.namedtuple("Report", "good broken moves servers why")


def host_and_port(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def no_endpoints(build):
    """Why there are none in this build; None: there are."""
    return None if (Path(build) / PROGRAM).exists() else "quic-echo is not built: libngtcp2 and GnuTLS were not found"


class Ids(collections.namedtuple("Ids", "config_id key server_id_length nonce_length tail_length", defaults=(None, 3, 5, 0))):
    """One QUIC-LB configuration. key: 32 hex digits; None: ids in clear."""

    def server_id(self, number):
        """Of the server with that number, in hex. Ids in clear are others than encrypted ones: Cleat refuses the same."""
        return f"{(0xa1b2c3 if self.key else 0x51b2c3) + number:06x}".ljust(2 * self.server_id_length, "7")

    def of(self, number):
        """As quic-echo takes it for that server."""
        return f"{self.config_id}:{self.key or '-'}:{self.server_id(number)}:{self.nonce_length}:{self.tail_length}"

    def config(self, addresses):
        """An item of a pool's `quic_lb`; addresses: of the servers 0, 1, ..."""
        key = {"key": self.key} if self.key else {}
        return {"config_id": self.config_id, "server_id_length": self.server_id_length,
                "nonce_length": self.nonce_length, **key,
                "servers": {self.server_id(i): address for i, address in enumerate(addresses)}}


def no_quiche(build):
    """Why quiche's client cannot run; None: it can."""
    if not shutil.which("node") or not (MODULES / "@matrixai/quic-linux-x64").is_dir():
        return "no node, or no quiche for it (tools/install test takes it from npm where npm is)"
    return no_endpoints(build)


def moved(servers, before=None):
    """[number of proved paths] of each connection that the servers have accepted since `before`, as counted()."""
    found = []
    for server, known in zip(servers, before or [0] * len(servers)):
        found += [len(peers) for number, peers in server.connections().items() if number >= known]
    return found


def counted(servers):
    return [len(server.connections()) for server in servers]


class QuicServer(Teller):
    """Listens on `address` (None: the host's IPv4 address) when the constructor returns, and answers under the name of
    its namespace.

    ids     what quic-echo takes (Ids.of()); several: each id of a connection by the next
    staged  several, but the first until rotate()
    """

    def __init__(self, run, space, build, ids, address=None, port=PORT, staged=False, retry=False):
        self.address, self.port, self.name = address or space.address, port, space.name
        words = [Path(build) / PROGRAM, "server", "--listen", host_and_port(self.address, port), "--name", self.name]
        words += [word for each in ids for word in ("--config", each)] + ["--staged"] * staged + ["--retry"] * retry
        super().__init__(run, f"quic-{self.name}-{port}-{len(run.pids)}", words, space)
        self.wait("ready")

    def rotate(self):
        """New connection ids are of the next configuration from now on."""
        stage = self.count("rotated") + 1
        self.child.send(signal.SIGUSR1)
        self.wait("rotated", stage)

    def connections(self):
        """{number: [peers whose path it has proved]}, the first by the handshake."""
        found = {e["connection"]: [e["peer"]] for e in self.events("connection")}
        for e in self.events("path"):
            if e["valid"] and e["peer"] not in found[e["connection"]]:
                found[e["connection"]].append(e["peer"])
        return found


class QuicClient(Teller):
    """Opens `connections` at once, each of which asks `rounds` questions.

    local              addresses of the namespace; each move takes the next. None: its one of the family
    rebind_at          rounds before which the local address changes as behind a NAT; migrate_at: as the client's own will
    pause_at           rounds before which all wait for go_on()
    answer_within_ms   a connection is broken if a round takes longer
    stack              "ngtcp2", or "quiche", which knows no pauses and no IPv6
    options            more for quic-echo: hello_bytes=2500, version="709a50c4", ...
    """

    def __init__(self, run, space, build, vip, port=PORT, connections=20, rounds=8, rebind_at=(), migrate_at=(),
                 pause_at=(), local=None, answer_within_ms=10_000, name="quic", stack="ngtcp2", **options):
        local = local or [space.address6 if ":" in vip else space.address]
        chosen = {"connections": connections, "rounds": rounds, "rebind-at": _list(rebind_at),
                  "migrate-at": _list(migrate_at), "pause-at": _list(pause_at), "local": _list(local),
                  "answer-within-ms": answer_within_ms, **{k.replace("_", "-"): v for k, v in options.items()}}
        words = _STACKS[stack](build) + ["client", "--connect", host_and_port(vip, port)]
        words += [word for key, value in chosen.items() if value != "" for word in (f"--{key}", value)]
        super().__init__(run, f"{name}-{space.name}-{len(run.pids)}", words, space,
                         {**os.environ, "NODE_PATH": str(MODULES)})
        self.deadline_s = rounds * answer_within_ms / 1000 + 10

    def wait_paused(self, round_number):
        """Until all that live wait before that round."""
        self.child.wait_until(lambda: any(e["round"] == round_number for e in self.events("paused")),
                              f"all wait before round {round_number}", self.deadline_s)
        return self

    def go_on(self):
        self.child.send(signal.SIGUSR1)
        return self

    def report(self):
        """Waits for its end."""
        self.child.wait(self.deadline_s)
        ends = self.events("end")
        if len(ends) != 1:
            raise RuntimeError(f"{self.child.name} ended with {self.child.returncode}:\n{self.child.last_lines()}")
        answered = {(e["connection"], e["server"]) for e in self.events("answer")}
        return Report(ends[0]["good"], ends[0]["broken"], ends[0]["moves"],
                      collections.Counter(server for _, server in answered),
                      collections.Counter(e["why"] or "another server" for e in self.events("broken")))


_STACKS = {"ngtcp2": lambda build: [Path(build) / PROGRAM],
           "quiche": lambda build: ["node", SOURCE / "tests/peers/quiche_client.mjs"]}


def _list(values):
    return ",".join(map(str, values))
