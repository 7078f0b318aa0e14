# SPDX-License-Identifier: MIT
"""The PROXY header in front of TCP: nginx hears who its clients are, through VIPs of either family before servers of either; large
bodies both ways, many connections, packets lost, cleatd killed in mid-transfer.
"""
import json
import signal
import time

from staged import run_on_stages, say
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.loss import Loss
from lab.nginx import PROXIED_PORT, Nginx
from lab.topology import Topology
from lab.traffic import fetch, sha256, url

WAYS = {"4_to_4": ("10.10.0.131", "srs"), "6_to_6": ("fd10::131", "srs6"),
        "6_to_4": ("fd10::132", "srs"), "4_to_6": ("10.10.0.132", "srs6")}  # (VIP, pool)
BODY_BYTES, CONNECTIONS = 10_000_000, 200

# Opens all connections, then asks on each what the server was told; prints what was not its own address, and how long it took.
_CROWD = """
import json, socket, sys, time
vip, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
begin = time.monotonic()
connections = [socket.create_connection((vip, port), 30) for _ in range(count)]
for c in connections:
    c.sendall(b"GET /seen HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
wrong, ports = [], []
for c in connections:
    c.settimeout(30)
    answer = b""
    while part := c.recv(4096):
        answer += part
    own, there = c.getsockname(), c.getpeername()
    wanted = f"{own[0]} {own[1]} {there[0]} {there[1]}"
    seen = answer.decode().split("\\r\\n\\r\\n")[-1].strip()
    ports.append(own[1])
    if seen != wanted:
        wrong.append([seen, wanted])
print(json.dumps({"wrong": wrong, "ports": ports, "seconds": time.monotonic() - begin}))
"""

# Moves a megabyte, says "held", waits for SIGUSR1, moves the rest and prints the hash of all.
_HELD = """
import hashlib, signal, socket, sys
vip, port, put, path = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
def held():
    print("held", flush=True)
    signal.sigwait([signal.SIGUSR1])
c = socket.create_connection((vip, port), 30)
c.settimeout(60)
file = c.makefile("rb")
def head():
    status = file.readline().split()[1]
    while file.readline() not in (b"\\r\\n", b""):
        pass
    return status
if put:
    body = open(path, "rb").read()
    c.sendall(f"PUT /put/{put} HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: {len(body)}\\r\\nConnection: close\\r\\n\\r\\n".encode())
    c.sendall(body[:1_000_000])
    held()
    c.sendall(body[1_000_000:])
    assert head() == b"201"
else:
    c.sendall(b"GET /body HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
    assert head() == b"200"
    body = file.read(1_000_000)
    held()
    body += file.read()
print(hashlib.sha256(body).hexdigest())
"""


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run)
        self.client = self.net.clients[0]
        with open("/dev/urandom", "rb") as source:
            self.body = source.read(BODY_BYTES)
        self.origins = [Nginx(run, backend, self.body) for backend in self.net.backends]
        self.transfers = 0
        self.sent = run.path("sent")
        self.sent.write_bytes(self.body)
        self.config = config_for(self.net, api_path(run), state_path(run))
        self.config["services"] = [{**service(way, vip, "tcp", PROXIED_PORT, pool), "proxy_protocol": "v2"}
                                   for way, (vip, pool) in WAYS.items()]
        self.cleatd = Cleatd(run, self.net.balancer, build, self.config).start()
        self.wait_healthy()

    def wait_healthy(self):
        for pool in ("srs", "srs6"):
            self.cleatd.wait_healthy(pool, 3)

    def download(self, vip, timeout_s=20):
        begin = time.monotonic()
        got = fetch(self.client, url(vip, "/body", PROXIED_PORT), timeout_s)
        assert got.status == 200 and got.bytes == BODY_BYTES and got.sha256 == sha256(self.body), got
        return time.monotonic() - begin

    def upload(self, vip, name, timeout_s=20):
        begin = time.monotonic()
        self.client.call("curl", "-sSf", "--noproxy", "*", "-m", timeout_s, "-T", self.sent, url(vip, f"/put/{name}", PROXIED_PORT),
                         timeout_s=timeout_s + 5)
        self.arrived(name)
        return time.monotonic() - begin

    def arrived(self, name):
        """Whole, at one of the servers."""
        found = [path for origin in self.origins if (path := origin.www / "put" / name).exists()]
        assert len(found) == 1 and sha256(found[0].read_bytes()) == sha256(self.body), found

    def crowd(self, vip):
        done = self.client.call("python3", "-c", _CROWD, vip, PROXIED_PORT, CONNECTIONS, timeout_s=120)
        report = json.loads(done.stdout)
        say(f"{CONNECTIONS} connections in {report['seconds']:.1f} s")
        assert not report["wrong"], report["wrong"][:5]
        told = {row[1] for origin in self.origins for row in origin.told() if row[2] == vip}
        assert {str(port) for port in report["ports"]} <= told
        return report

    def losing(self, percent):
        """On both sides of Cleat, what comes of these connections at the client and at the servers."""
        part = f"{PROXIED_PORT} numgen random mod 100 < {percent}"
        return Loss({self.client: f"tcp sport {part}", **{backend: f"tcp dport {part}" for backend in self.net.backends}})

    def held(self, vip, put=None):
        """A transfer that stands still after its first megabyte until it is let go. put: the name to upload by; None: a download"""
        # Of a name that had a child before, the log would begin with what that one said.
        self.transfers += 1
        child = Child(self.run, f"held-{self.transfers}-{put or vip}", ["python3", "-c", _HELD, vip, PROXIED_PORT, put or "", self.sent], self.client)
        child.wait_until(lambda: "held" in child.log(), "its first megabyte went over")
        return child

    def finish(self, transfers):
        for child in transfers:
            assert child.running(), child.last_lines()
            child.send(signal.SIGUSR1)
        for child in transfers:
            assert child.wait(60) == 0 and child.log().split()[-1] == sha256(self.body), child.last_lines()


def through(way):
    vip, _ = WAYS[way]

    def tests(stage):
        stage.crowd(vip)

    def bodies(stage):
        say(f"10 MB down in {stage.download(vip):.2f} s, up in {stage.upload(vip, way):.2f} s")

    def with_loss(stage):
        with stage.losing(2) as loss:
            say(f"10 MB down in {stage.download(vip, 90):.1f} s, up in {stage.upload(vip, f'lossy-{way}', 90):.1f} s")
            stage.crowd(vip)
        say(f"{loss.packets()} packets lost")
        assert loss.packets() > 100

    tests.__name__ = f"two_hundred_clients_from_{way}_are_known_to_the_server"
    bodies.__name__ = f"ten_megabytes_each_way_from_{way}_arrive_whole"
    with_loss.__name__ = f"so_it_is_from_{way}_when_every_fiftieth_packet_is_lost"
    return tests, bodies, with_loss


def transfers_go_on_after_kill_9(stage):
    transfers = [stage.held(vip, put) for way, (vip, _) in WAYS.items() for put in (None, f"killed-{way}")]
    stage.cleatd.kill()
    stage.cleatd.start()
    stage.finish(transfers)
    for way in WAYS:
        stage.arrived(f"killed-{way}")
    stage.wait_healthy()
    say(next(line for line in reversed(stage.cleatd.child.log().splitlines()) if "state taken over" in line))


def a_transfer_goes_on_when_its_service_loses_the_option_and_after_a_restart_without_it(stage):
    vip, _ = WAYS["4_to_4"]
    transfers = [stage.held(vip), stage.held(vip, "kept")]
    for entry in stage.config["services"]:
        del entry["proxy_protocol"]
    stage.cleatd.write(stage.config)
    stage.cleatd.api.reload()
    refused = stage.client.call("curl", "-sS", "--noproxy", "*", "-m", 5, url(vip, "/seen", PROXIED_PORT), check=False)
    assert refused.returncode != 0, "nginx takes no connection without a header"
    stage.cleatd.kill()
    stage.cleatd.start()
    stage.finish(transfers)
    stage.arrived("kept")
    for entry in stage.config["services"]:
        entry["proxy_protocol"] = "v2"
    stage.cleatd.write(stage.config)
    stage.cleatd.api.reload()
    stage.crowd(vip)


def no_packet_was_dropped_for_the_header(stage):
    drops = stage.cleatd.api.drops()
    say(f"drops: {drops}")
    assert not set(drops) & {"no_headroom", "too_big", "fragment"}, drops


if __name__ == "__main__":
    run_on_stages((Stage, [test for way in WAYS for test in through(way)] +
                   [transfers_go_on_after_kill_9, no_packet_was_dropped_for_the_header,
                    a_transfer_goes_on_when_its_service_loses_the_option_and_after_a_restart_without_it]))
