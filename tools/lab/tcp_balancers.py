# SPDX-License-Identifier: MIT
"""Balancers for TCP in the place of Cleat's host: cleatd with `affinity: stream`, HAProxy, nginx's stream module, SRS's proxy, and none at
all. Each with one thread for its traffic, SRS's proxy with as many as it likes.

All have a name, the address that clients go to, and, while `with` lasts, cpu_s(): Cpu, sums since the process began.
"""
import json
import os
from pathlib import Path
from typing import NamedTuple

from .child import Child
from .cleat import Cleatd, api_path, state_path
from .config import config_for, service
from .nginx import WEB_PORT

_HAPROXY = """
global
  nbthread 1
  maxconn 4096
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option splice-auto
frontend web
  bind {vip}:{port}
  default_backend servers
backend servers
  balance roundrobin
{servers}
"""
_NGINX = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; user root; worker_processes 1; pid {folder}/stream.pid; error_log {folder}/stream-error.log warn;
events {{ worker_connections 4096; }}
stream {{
  upstream servers {{ {servers} }}
  server {{ listen {vip}:{port}; proxy_pass servers; proxy_timeout 1h; proxy_buffer_size 64k; }}
}}
"""
_SRS_PROXY = {"PROXY_HTTP_API": "11985", "PROXY_SYSTEM_API": "12025", "PROXY_LOAD_BALANCER_TYPE": "memory"}


class Cpu(NamedTuple):
    """Seconds.

    cpu   of the processes
    busy  of that, what found something to do
    own   of that, without what the drivers took, in the kernel or for the NIC
    """
    cpu: float
    busy: float
    own: float


class Direct:
    """Clients go to a server by way of the router."""
    name = "direct"

    def __init__(self, net):
        self.address = net.backends[0].address

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def cpu_s(self):
        return Cpu(0.0, 0.0, 0.0)


class Cleat:
    name = "cleatd"

    def __init__(self, run, net, build):
        self.address = net.vip
        config = config_for(net, api_path(run), state_path(run), workers=1)
        config["services"] = [service("web", net.vip, "tcp", WEB_PORT, "srs", "nat", "stream")]
        self._cleatd = Cleatd(run, net.balancer, build, config)

    def __enter__(self):
        self._cleatd.start().wait_healthy("srs", 3)
        return self

    def __exit__(self, *_):
        self._cleatd.stop()

    def cpu_s(self):
        """A worker polls in the time that is not busy. Of the stages that are timed the first and the last are the drivers'."""
        stats = self._cleatd.api.stats()
        busy = own = 0
        for worker in stats["workers"]:
            busy += worker["busy_cycles"]
            stages = sum(cycles for stage, cycles in worker["stage_cycles"].items() if stage not in ("rx", "tx"))
            own += stages / max(1, worker["timed_packets"]) * worker["rx_packets"]
        return Cpu(cpu_s(self._cleatd.child), busy / stats["tsc_hz"], own / stats["tsc_hz"])


class _OnSockets:
    """A program that listens on the VIP while the kernel has Cleat's addresses, and the VIP."""

    def __init__(self, run, net, words, environment=None):
        self._run, self._net, self._words, self.address = run, net, words, net.vip
        self._child, self._environment = None, environment

    def __enter__(self):
        space = self._net.balancer
        space.ip("address add 10.10.0.2/24 dev eth1", "address add 10.20.0.2/24 dev eth2", f"address add {self._net.vip}/32 dev eth1",
                 "route add default via 10.10.0.1")
        self._child = Child(self._run, f"{self.name}-{len(self._run.pids)}", self._words, space,
                            environment=self._environment and {**os.environ, **self._environment})
        self._child.wait_until(lambda: space.call("ss", "-Htln", "sport", "=", f":{WEB_PORT}").stdout, "it listens")
        return self

    def __exit__(self, *_):
        self._child.stop()
        self._net.balancer.ip("address flush dev eth1 scope global", "address flush dev eth2 scope global")

    def cpu_s(self):
        """They sleep when there is nothing to do, and the kernel's part cannot be told from theirs."""
        return Cpu(*[cpu_s(self._child)] * 3)


class Haproxy(_OnSockets):
    name = "haproxy"

    def __init__(self, run, net):
        path = run.path("haproxy.cfg")
        servers = "\n".join(f"  server {b.name} {b.address}:{WEB_PORT}" for b in net.backends)
        path.write_text(_HAPROXY.format(vip=net.vip, port=WEB_PORT, servers=servers))
        super().__init__(run, net, ["/usr/sbin/haproxy", "-db", "-f", path])


class NginxStream(_OnSockets):
    name = "nginx"

    def __init__(self, run, net):
        path = run.path("stream.conf")
        servers = " ".join(f"server {b.address}:{WEB_PORT};" for b in net.backends)
        path.write_text(_NGINX.format(folder=run.folder, vip=net.vip, port=WEB_PORT, servers=servers))
        super().__init__(run, net, ["/usr/sbin/nginx", "-p", run.folder, "-c", path, "-e", run.folder / "stream-error.log"])


class SrsProxy(_OnSockets):
    """The program that SRS's own build makes of its folder proxy. Servers are told to it as SRS tells it, and nginx is no worse a source of
    .flv files for it than SRS.
    """
    name = "srs-proxy"

    def __init__(self, run, net, program):
        super().__init__(run, net, [program], {**_SRS_PROXY, "PROXY_STATIC_FILES": str(run.folder), "PROXY_HTTP_SERVER": f"{net.vip}:{WEB_PORT}"})

    def __enter__(self):
        super().__enter__()
        for backend in self._net.backends:
            server = {"ip": backend.address, "server": backend.name, "service": backend.name, "pid": "1", "rtmp": ["1935"], "http": [str(WEB_PORT)]}
            self._net.balancer.call("curl", "-sSf", "--data", json.dumps(server), f"http://127.0.0.1:{_SRS_PROXY['PROXY_SYSTEM_API']}/api/v1/srs/register")
        return self


def cpu_s(child):
    """User's and system's, of all processes of a child's session. The kernel's work on packets is in the system's of whoever it
    interrupted, which may be another program.
    """
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[3]) == child.pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
