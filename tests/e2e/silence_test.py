# SPDX-License-Identifier: MIT
"""A server's host vanishes: whoever sends to it is reset at once, whoever waits for it keeps his connection through a cut of five
seconds, and is reset when it stays away. What the traffic says is heard before the next check.
"""
import json
import sys
import time

from staged import run_on_stages, say
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology
from lab.wait import wait_for

SINK_PORT, WAIT_PORT, POKE_PORT, SHUT_PORT = 7000, 7001, 7002, 7003
PUBLISHERS, PLAYERS = 20, 20
# From when the checks have failed until the reset.
WANTED_S, DEADLINE_S = 1, 21
CUT_S = 5
PATIENCE_S = 8  # lb::kQuietPatienceMs
HEALTH = {"tcp": True, "port": SINK_PORT, "interval": "500ms", "fast_interval": "200ms", "timeout": "300ms", "rise": 2, "fall": 2}

# Takes all that comes on one port; says hello on another, and again to all of them when somebody comes to the third.
_SERVER = """
import selectors, socket, sys
address, sink, wait, poke = sys.argv[1], *map(int, sys.argv[2:])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
poll, waiting = selectors.DefaultSelector(), []
for port in (sink, wait, poke):
    s = socket.create_server((address, port), family=family, backlog=256)
    poll.register(s, selectors.EVENT_READ, port)
print("ready", flush=True)
while True:
    for key, _ in poll.select():
        if key.data is None:
            try:
                if not key.fileobj.recv(1 << 16): raise OSError
            except OSError:
                poll.unregister(key.fileobj); key.fileobj.close()
            continue
        made, _ = key.fileobj.accept()
        if key.data == sink:
            poll.register(made, selectors.EVENT_READ, None)
        elif key.data == wait:
            made.send(b"hello"); waiting.append(made)
        else:
            for one in waiting: one.send(b"again")
            made.close()
"""
# Connections that send 20 times a second, or only listen; tells when each has heard something, and when and how it ended.
_CLIENTS = """
import json, selectors, socket, sys, time
address, port, count, sends = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "send"
poll = selectors.DefaultSelector()
def tell(what): print(json.dumps({"what": what, "at": time.time()}), flush=True)
for _ in range(count):
    s = socket.create_connection((address, port), timeout=10)
    s.setblocking(False)
    poll.register(s, selectors.EVENT_READ)
tell("connected")
def end(s, why):
    poll.unregister(s); s.close(); tell(why)
due = time.monotonic()
while poll.get_map():
    for key, _ in poll.select(0.05):
        try:
            data = key.fileobj.recv(4096)
            tell(data.decode()) if data else end(key.fileobj, "closed")
        except BlockingIOError: pass
        except OSError as error: end(key.fileobj, type(error).__name__)
    if sends and time.monotonic() >= due:
        due += 0.05
        for key in list(poll.get_map().values()):
            try: key.fileobj.send(b"m" * 1000)
            except BlockingIOError: pass
            except OSError as error: end(key.fileobj, type(error).__name__)
"""


class Clients:
    def __init__(self, stage, vip, port, count, does):
        name = f"{does}-{len(stage.run.pids)}"
        self.child = Child(stage.run, name, [sys.executable, "-c", _CLIENTS, vip, port, count, does], stage.client)
        wait_for(lambda: self.times("connected"), "all to be connected", 15)

    def times(self, what):
        said = (json.loads(line) for line in self.child.log().splitlines() if line.endswith("}"))
        return [one["at"] for one in said if one["what"] == what]

    def wait_until(self, count, what, deadline_s):
        wait_for(lambda: len(self.times(what)) >= count,
                 lambda: f"{count} to say {what}: {self.child.last_lines()}", deadline_s)
        return self.times(what)


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, backends=2)
        self.client, self.server, self.other = self.net.clients[0], *self.net.backends
        config = config_for(self.net, api_path(run), state_path(run), health=HEALTH)
        for number, backend in enumerate(self.net.backends):
            for address in (backend.address, backend.address6):
                child = Child(run, f"server{number}-{address}", [sys.executable, "-c", _SERVER, address, SINK_PORT,
                                                                WAIT_PORT, POKE_PORT], backend)
                child.wait_until(lambda child=child: "ready" in child.log(), "it was ready")
        self.vips = {4: self.net.vip, 6: self.net.vip6}
        config["services"] = []
        for family, pool in ((4, "srs"), (6, "srs6")):
            config["services"] += [service(f"sink{family}", self.vips[family], "tcp", SINK_PORT, pool),
                                   service(f"wait{family}", self.vips[family], "tcp", WAIT_PORT, pool),
                                   service(f"shut{family}", self.vips[family], "tcp", SHUT_PORT, pool)]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        for pool in ("srs", "srs6"):
            self.cleatd.wait_healthy(pool, 2)

    def on_first(self, make):
        """What connects in make() gets the first server; the other is there all the same, or losing the first were panic."""
        self.weigh_other(0)
        made = make()
        self.weigh_other(100)
        return made

    def weigh_other(self, weight):
        for pool, backend in (("srs", self.other.address), ("srs6", self.other.address6)):
            self.cleatd.ctl("backend", "weight", pool, backend, weight)

    def resets(self):
        return sum(worker["resets"] for worker in self.cleatd.api.stats()["workers"])

    def backend(self, pool="srs"):
        return self.cleatd.api.backends(pool)[self.server.address if pool == "srs" else self.server.address6]

    def poke(self):
        for address in (self.server.address, self.server.address6):
            self.server.call(sys.executable, "-c", f"import socket; socket.create_connection(('{address}', {POKE_PORT}))")

    def restore(self):
        self.net.restore(self.server)
        for pool in ("srs", "srs6"):
            self.cleatd.wait_healthy(pool, 2, 20)


def who_waits_survives_a_cut_of_five_seconds_and_is_reset_by_a_longer_one(stage):
    players = stage.on_first(lambda: [Clients(stage, vip, WAIT_PORT, PLAYERS, "listen") for vip in stage.vips.values()])
    for each in players:
        each.wait_until(PLAYERS, "hello", 10)
    stage.net.cut(stage.server)
    wait_for(lambda: stage.backend()["state"] == "down", "it to be down", 20)
    time.sleep(CUT_S)  # how long the cut lasts is what is tested
    stage.restore()
    stage.poke()
    for each in players:
        each.wait_until(PLAYERS, "again", 20)
    assert stage.resets() == 0, stage.cleatd.api.stats()["workers"]
    cut_at = time.time()
    stage.net.cut(stage.server)
    for each in players:
        ended = each.wait_until(PLAYERS, "ConnectionResetError", 10 * PATIENCE_S)
        say(f"{len(ended)} of {PLAYERS} who wait are reset after {min(ended) - cut_at:.2f} to {max(ended) - cut_at:.2f} s")
    assert stage.resets() == 2 * PLAYERS, stage.resets()
    stage.restore()


def who_sends_to_a_host_that_vanished_is_reset_within_the_check_and_a_second(stage):
    before = stage.resets()
    senders = stage.on_first(lambda: [Clients(stage, vip, SINK_PORT, PUBLISHERS, "send") for vip in stage.vips.values()])
    cut_at = time.time()
    stage.net.cut(stage.server)
    down = {}
    def all_down():
        down.update({pool: time.time() - cut_at for pool in ("srs", "srs6")
                     if pool not in down and stage.backend(pool)["state"] == "down"})
        return len(down) == 2
    wait_for(all_down, "it to be down", 20)
    for each, (pool, down_s) in zip(senders, sorted(down.items())):
        ended = each.wait_until(PUBLISHERS, "ConnectionResetError", DEADLINE_S)
        say(f"{pool} is down {down_s:.2f} s after the cut; {len(ended)} of {PUBLISHERS} who send are reset "
            f"{min(ended) - cut_at - down_s:.2f} to {max(ended) - cut_at - down_s:.2f} s later (wanted: {WANTED_S})")
    assert stage.resets() >= before + 2 * PUBLISHERS, stage.resets()
    stage.restore()


def a_connection_begun_in_the_cut_goes_to_a_living_server(stage):
    """Its first SYN went to the dead one, before that was known."""
    stage.net.cut(stage.server)
    began = time.monotonic()
    for vip in stage.vips.values():
        Clients(stage, vip, SINK_PORT, 20, "send")
    say(f"40 connections, one after the other, from the cut on: {time.monotonic() - began:.2f} s, 0 failed")
    stage.restore()


def a_cut_of_all_servers_at_once_resets_nobody(stage):
    """Then it is rather Cleat that is cut off: panic."""
    before = stage.resets()
    senders = [Clients(stage, vip, SINK_PORT, PUBLISHERS, "send") for vip in stage.vips.values()]
    for backend in stage.net.backends:
        stage.net.cut(backend)
    wait_for(lambda: "panic" in stage.cleatd.child.log(), "panic", 20)
    time.sleep(2)  # in which a reset would have come
    stage.net.restore(stage.other)
    stage.restore()
    assert stage.resets() == before, stage.resets()
    for each in senders:
        assert each.child.running() and not each.times("ConnectionResetError"), each.child.last_lines()


def refused_connections_bring_the_next_check_forward(stage):
    """Nobody listens on that port; the checks of another pass all the time."""
    stage.weigh_other(0)
    before = stage.backend()["health"]["suspicions"]
    done = stage.client.call(sys.executable, "-c", "import socket, sys\\ntry: socket.create_connection((sys.argv[1], "
                             "int(sys.argv[2])))\\nexcept ConnectionRefusedError: print('refused')".replace("\\n", "\n"),
                             stage.vips[4], SHUT_PORT)
    assert done.stdout.strip() == "refused", done
    wait_for(lambda: stage.backend()["health"]["suspicions"] > before, "it to be suspected", 20)
    assert stage.backend()["health"]["suspected"]["reason"] == "1 refused", stage.backend()
    assert stage.backend()["state"] == "up"


TESTS = (who_waits_survives_a_cut_of_five_seconds_and_is_reset_by_a_longer_one,
         who_sends_to_a_host_that_vanished_is_reset_within_the_check_and_a_second,
         a_connection_begun_in_the_cut_goes_to_a_living_server, a_cut_of_all_servers_at_once_resets_nobody,
         refused_connections_bring_the_next_check_forward)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
