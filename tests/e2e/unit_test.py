# SPDX-License-Identifier: MIT
"""The systemd unit: systemd reads it without complaint, and a cleatd that has no more rights than it gives does its work.

There is no systemd in the lab, so its part is played with what util-linux has: the capabilities, limits and environment
are read from the unit, and the file system is read-only but for what the unit lets it write.
"""
import os
import resource
import shutil
import subprocess
import sys

from staged import run_on_stages, say
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT, Flows, FlowServer
from lab.topology import Topology
from tap import Skipped

_NUMBERS = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_IPC_LOCK": 14, "CAP_SYS_ADMIN": 21,
            "CAP_BPF": 39}  # linux/capability.h
# PR_SET_MDWE: MemoryDenyWriteExecute=, by the kernel itself since 6.3; an older one is let off.
_NO_WRITE_EXECUTE = "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"


def settings(path):
    """{name: value} of the unit's lines; the last of a name counts."""
    lines = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return dict(lines)


class Confined(Cleatd):
    """Started as the unit would; without: capabilities that a drop-in takes away."""

    def __init__(self, run, space, build, config, unit, name="cleatd", without=()):
        super().__init__(run, space, build, config, name)
        self.unit, self.without = unit, without
        self.runtime = run.path(f"{name}.run")
        self.runtime.mkdir()

    def start(self, deadline_s=15.0):
        # What a container's root may not raise stays as it is. Where that is locked memory, the capability that knows no
        # limit stands for LimitMEMLOCK=infinity.
        files = min(int(self.unit["LimitNOFILE"]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] == resource.RLIM_INFINITY
        limits = [f"--nofile={files}"] + ["--memlock=unlimited"] * unlimited
        bounds = [name for name in self.unit["CapabilityBoundingSet"].split() if name not in self.without]
        bounds += ["CAP_IPC_LOCK"] * (not unlimited)
        say(f"capabilities: {' '.join(bounds)}")
        self.capabilities = sum(1 << _NUMBERS[name] for name in bounds)
        bounds = ",".join("+" + name.removeprefix("CAP_").lower() for name in bounds)
        script = """
            for place in "$1" "$2"; do mount --bind "$place" "$place"; done
            mount -o remount,bind,ro /
            touch /etc/cleat-was-here 2> /dev/null && exit 99
            shift 2
            exec "$@"
            """
        words = ["sh", "-ec", script, "sh", self.run.folder, self.run.shm,
                 "prlimit", *limits, "setpriv", f"--bounding-set=-all,{bounds}", "--no-new-privs",
                 sys.executable, "-c", _NO_WRITE_EXECUTE, self.program, "--config", self.config_path]
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(self.runtime)}
        self.child = Child(self.run, self.name, words, self.space, environment=environment)
        self.child.wait_until(self.api.answers, "its API answered", deadline_s)
        return self


class Stage:
    """One arm, two workers on two queues, in the unit's confines."""

    def __init__(self, run, build):
        self.run, self.build = run, build
        self.net = Topology(run, arms=1, backends=2, queues=2)
        self.net.feed_queues(1)
        FlowServer(run, self.net.backends[0])
        self.config = config = config_for(self.net, api_path(run), state_path(run), workers=2)
        check = {"tcp": True, "port": PORT, "interval": "200ms", "timeout": "200ms", "rise": 1, "fall": 1}
        config["pools"] = {"near": {"health": check, "panic_threshold": "0%",
                                    "backends": [backend.address for backend in self.net.backends]}}
        config["services"] = [service("flows", self.net.vip, "tcp", PORT, "near")]
        self.unit_path = build / "tools" / "cleat.service"
        self.cleatd = Confined(run, self.net.balancer, build, config, settings(self.unit_path)).start()
        self.wait_until_checked()
        self.net.feed_queues(2)

    def states(self):
        return sorted(backend["state"] for backend in self.cleatd.api.backends("near").values())

    def wait_until_checked(self):
        """Until its first check has failed, the server that does not serve gets connections, too."""
        self.cleatd.child.wait_until(lambda: self.states() == ["down", "up"], "one backend was up, one down")

    def carries(self, name):
        report = Flows(self.run, self.net.clients[0], self.net.vip, 30, 100, name=name).report()
        assert report.flows == 30 and not report.failures, report.failures[:3]

    def status(self):
        lines = open(f"/proc/{self.cleatd.child.pid}/status", encoding="utf-8").read().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def systemd_reads_the_unit_without_complaint(stage):
    if not shutil.which("systemd-analyze"):
        raise Skipped("no systemd-analyze here")
    text = stage.unit_path.read_text()
    sbin = settings(stage.unit_path)["ExecStart"].rsplit("/cleatd ", 1)[0]
    copy = stage.run.path("cleat.service")
    copy.write_text(text.replace(f"={sbin}/cleatd", f"={stage.build}/tools/cleatd"))  # it is not installed yet
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, timeout=60)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "cleat" in line]
    assert not complaints and done.returncode == 0, (done.returncode, done.stdout + done.stderr)


def it_has_no_capability_but_the_units(stage):
    status = stage.status()
    say({name: status[name] for name in ("CapEff", "CapBnd", "NoNewPrivs")})
    held = stage.cleatd.capabilities
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == held and status["NoNewPrivs"] == "1", status


def it_forwards_with_af_xdp_on_two_queues(stage):
    assert "driver=net_af_xdp" in stage.cleatd.child.log() and "queues=2" in stage.cleatd.child.log()
    stage.carries("first")


def its_health_checks_decide(stage):
    assert stage.states() == ["down", "up"]


def operators_changes_are_saved(stage):
    stage.cleatd.ctl("backend", "weight", "near", stage.net.backends[0].address, "7")
    assert "7" in stage.cleatd.config_path.with_suffix(".yaml.overrides").read_text()
    stage.cleatd.ctl("config", "apply", stage.cleatd.config_path)


def a_crash_leaves_nothing_that_it_cannot_take_over(stage):
    """The XDP program of the killed one is still attached, and its queues are fed."""
    stage.cleatd.kill()
    stage.cleatd.start()
    stage.wait_until_checked()
    log = stage.cleatd.child.log()
    assert log.count("driver=net_af_xdp") == 2 and "state taken over" in log
    stage.carries("again")


def it_ends_cleanly(stage):
    assert stage.cleatd.stop() == 0
    assert not list(stage.cleatd.runtime.glob("dpdk/cleat-*"))
    assert "xdp" not in stage.net.balancer.call("ip", "-d", "link").stdout


def packet_ports_need_no_sys_admin(stage):
    stage.config["dataplane"]["ports"][0]["device"] = "packet:eth2"
    stage.cleatd = Confined(stage.run, stage.net.balancer, stage.build, stage.config, settings(stage.unit_path), "packet",
                            without=["CAP_SYS_ADMIN"])
    stage.cleatd.write(stage.cleatd.config_path.read_text().replace("cleatd.sock", "packet.sock"))
    stage.cleatd.start()
    stage.wait_until_checked()
    assert "driver=net_af_packet" in stage.cleatd.child.log()
    stage.carries("packet")
    assert stage.cleatd.stop() == 0


TESTS = (systemd_reads_the_unit_without_complaint, it_has_no_capability_but_the_units,
         it_forwards_with_af_xdp_on_two_queues, its_health_checks_decide, operators_changes_are_saved,
         a_crash_leaves_nothing_that_it_cannot_take_over, it_ends_cleanly, packet_ports_need_no_sys_admin)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
