# SPDX-License-Identifier: MIT
"""Plain traffic: curl with a hash of what came, and iperf3."""
import collections
import hashlib
import json

from .child import Child

IPERF_PORT = 5201
Fetched = collections.namedtuple("Fetched", "status bytes sha256 connect_s total_s")


def url(address, path="/", port=8080):
    host = f"[{address}]" if ":" in address else address
    return f"http://{host}:{port}{path}"


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def fetch(space, where, timeout_s=20, *options):
    """GETs `where`; returns Fetched. RuntimeError if curl fails."""
    path = space.run.path(f"fetched-{space.name}")
    done = space.call("curl", "-sS", "--noproxy", "*", "-m", timeout_s, "-o", path, "-w",
                      "%{http_code} %{time_connect} %{time_total}", *options, where, timeout_s=timeout_s + 5)
    body = path.read_bytes()
    status, connect_s, total_s = done.stdout.split()
    return Fetched(int(status), len(body), sha256(body), float(connect_s), float(total_s))


def fetch_text(space, where, timeout_s=5):
    return space.call("curl", "-sSf", "--noproxy", "*", "-m", timeout_s, where).stdout.strip()


def iperf_server(run, space, bind=None, keep=None):
    """Serves TCP and UDP on 5201, one client at a time.

    bind  to this address only; a UDP server on several addresses answers from the wrong one. None: both families
    keep  path: what the latest client sent is written there
    """
    words = ["iperf3", "-s", "--forceflush", "-p", IPERF_PORT] + ["-B", bind] * bool(bind)
    server = Child(run, "-".join(filter(None, ("iperf3", space.name, bind))),
                   words + (["-F", keep] if keep else []), space)
    server.wait_until(lambda: "listening" in server.log(), "it listens")
    return server


def iperf(space, address, seconds=3, udp=False, reverse=False, rate=None, *options):
    """Runs a client against `address`; returns iperf3's JSON. seconds: None when an option says how much."""
    words = ["iperf3", "-J", "-c", address, "-p", IPERF_PORT, "--connect-timeout", 3000, *options]
    words += ["-u"] * udp + ["-R"] * reverse + (["-b", rate] if rate else []) + (["-t", seconds] if seconds else [])
    done = space.call(*words, check=False, timeout_s=(seconds or 30) + 30)
    report = json.loads(done.stdout) if done.stdout else {}
    if done.returncode != 0 or "error" in report:
        raise RuntimeError(f"iperf3 to {address}: {report.get('error') or done.stderr.strip()}")
    return report
