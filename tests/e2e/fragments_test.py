# SPDX-License-Identifier: MIT
"""Datagrams larger than a packet, both ways, in each mode and family: real kernels take them to pieces and put them together.
"translated" is nat before a server of the other family.
"""
import sys
from pathlib import Path

from staged import run_on_stages, say
import tunnel_end
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology

PORT = 7000
SIZES = (100, 1472, 1473, 4000, 20_000, 60_000)
EACH = 20
MODES = ("nat", "translated", "dsr", "ipip", "gue")

# Sends everything back to whom it came from.
_ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
s.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    data, whom = s.recvfrom(65535)
    s.sendto(data, whom)
"""
# Sends datagrams of a size one after the other, and prints how many came back as they were. What a router says of the path's MTU
# comes as an error of send(); the kernel then knows, and cuts.
_ASK = """
import errno, os, socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
s.settimeout(3)
s.connect((sys.argv[1], int(sys.argv[2])))
same = 0
for _ in range(int(sys.argv[4])):
    sent = os.urandom(int(sys.argv[3]))
    for attempt in range(3):
        try:
            s.send(sent)
            same += s.recv(65535) == sent
            break
        except OSError as error:
            print(error, file=sys.stderr)
            if error.errno != errno.EMSGSIZE: break
print(same)
"""


def is_nat(mode):
    return mode in ("nat", "translated")


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, backends=1)
        self.client, server = self.net.clients[0], self.net.backends[0]
        self.vips = {(mode, family): ("10.10.0.{}" if family == 4 else "fd10::{}").format(130 + i)
                     for i, mode in enumerate(MODES) for family in (4, 6)}
        server.ip(*(f"address add {vip}/{'128' if ':' in vip else '32'} dev lo{' nodad' if ':' in vip else ''}"
                    for (mode, _), vip in self.vips.items() if not is_nat(mode)))
        tunnel_end.start(run, server)
        config = config_for(self.net, api_path(run), state_path(run), health={"tcp": True, "port": PORT})
        # What a server learns of the path's MTU it learns of one address.
        config["nat"]["addresses"] = ["10.20.0.100", "fd20::100"]
        config["services"] = []
        for pool in ("srs", "srs6"):
            del config["pools"][pool]["health"]
        for (mode, family), vip in self.vips.items():
            inside = 10 - family if mode == "translated" else family
            config["services"].append(service(f"echo-{mode}{family}", vip, "udp", PORT, "srs" if inside == 4 else "srs6",
                                              "nat" if is_nat(mode) else mode))
            if mode != "translated":  # nat's servers are these, too
                self.echo(f"echo-{mode}{family}", {4: server.address, 6: server.address6}[family] if mode == "nat" else vip)
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()

    def echo(self, name, address):
        child = Child(self.run, name, [sys.executable, "-c", _ECHO, address, PORT], self.net.backends[0])
        child.wait_until(lambda: "ready" in child.log(), "it was ready")

    def ask(self, mode, family, size, count):
        return self.client.call(sys.executable, "-c", _ASK, self.vips[mode, family], PORT, size, count)


def in_mode(mode, family):
    def test(stage):
        # The first packet asks for addresses. One that IPv6 makes too long is lost, and one in pieces, by which the server learns what
        # fits on the way to his LIP.
        for size in (10, 1472, 4000):
            stage.ask(mode, family, size, 3)
        for size in SIZES:
            done = stage.ask(mode, family, size, EACH)
            say(f"{size} bytes: {done.stdout.strip()} of {EACH}")
            assert int(done.stdout) == EACH, (size, done.stdout, done.stderr, stage.cleatd.api.drops())

    test.__name__ = f"datagrams_of_any_size_come_back_whole_in_{mode}_over_ipv{family}"
    return test


def pieces_of_pings_are_dropped_by_name(stage):
    before = stage.cleatd.api.drops().get("fragment", 0)
    stage.client.call("ping", "-c", 1, "-W", 1, "-s", 4000, stage.vips["nat", 4], check=False)
    after = stage.cleatd.api.drops().get("fragment", 0)
    assert after == before + 3, (before, after)


if __name__ == "__main__":
    run_on_stages((Stage, [in_mode(mode, family) for mode in MODES for family in (4, 6)] +
                   [pieces_of_pings_are_dropped_by_name]))
