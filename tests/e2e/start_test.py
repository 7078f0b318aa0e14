# SPDX-License-Identifier: MIT
"""cleatd on kernel interfaces: what it does with what it finds there, and what it leaves. Each refusal is one line that
names the thing at fault, and the cleatd that is at work does not suffer from it.
"""
import copy
import signal
import subprocess
import sys
import time
from pathlib import Path

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT, Flows, FlowServer
from lab.topology import Topology
from traces import traces_of


class Stage:
    """One arm, two receive queues of which one is fed."""

    def __init__(self, run, build):
        self.run, self.build = run, build
        self.net = Topology(run, arms=1, backends=1, queues=2)
        self.net.feed_queues(1)
        self.server = FlowServer(run, self.net.backends[0])
        self.config = config_for(self.net, api_path(run), state_path(run), workers=1)
        backend = self.net.backends[0]
        self.config["pools"] = {"near": {"backends": [backend.address]}, "near6": {"backends": [backend.address6]}}
        self.config["services"] = [service("flows", self.net.vip, "tcp", PORT, "near"),
                                   service("flows6", self.net.vip6, "tcp", PORT, "near6")]
        self.cleatd = self.daemon("cleatd").start()
        self.number = 0

    def daemon(self, name, workers=1, device=None, state=None):
        config = copy.deepcopy(self.config)
        config["dataplane"].update(workers=workers, state=str(state_path(self.run, state or f"{name}.state")))
        config["dataplane"]["ports"][0]["device"] = device or "veth:eth2"
        config["api"]["listen"] = f"unix:{api_path(self.run, name)}"
        return Cleatd(self.run, self.net.balancer, self.build, config, name)

    def carries(self, count=30):
        self.number += 1
        for vip in (self.net.vip, self.net.vip6):
            report = Flows(self.run, self.net.clients[0], vip, count, 100, name=f"f{self.number}-{vip}").report()
            assert report.flows == count and not report.failures, report.failures[:3]

    def refused(self, daemon, *words):
        """It does not start: exit 1 and one line that holds all `words`. The one at work goes on."""
        command = self.net.balancer.command(daemon.program, "--config", daemon.config_path)
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        lines = [line for line in done.stderr.splitlines() if " error " in line]
        say("\n".join(lines))
        assert done.returncode == 1 and len(lines) == 1 and not done.stdout, (done.returncode, done.stderr)
        assert all(word in lines[0] for word in words), words
        assert not daemon.api.answers()
        if self.cleatd.child.running():
            self.carries(10)

    def links(self):
        return self.net.balancer.call("ip", "-d", "link").stdout


def a_veth_is_served_by_af_xdp(stage):
    log = stage.cleatd.child.log()
    assert "driver=net_af_xdp" in log and "wakes=yes" in log and "wakes=no" not in log
    stage.carries()


def a_second_cleatd_on_one_state_file_is_refused(stage):
    stage.refused(stage.daemon("second", device="veth:other", state="cleatd.state"), "cleatd.state",
                  "in use by another cleatd")


def a_second_cleatd_on_one_interface_is_refused(stage):
    stage.refused(stage.daemon("second"), "eth2", "another cleatd")


def a_second_cleatd_on_one_api_socket_is_refused(stage):
    second = stage.daemon("second", device="veth:lo")
    second.write(second.config_path.read_text().replace("second.sock", "cleatd.sock"))
    done = subprocess.run(stage.net.balancer.command(second.program, "--config", second.config_path),
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1, done
    assert stage.cleatd.api.answers()


def another_run_at_the_same_time_does_not_meet_this_one(stage):
    flows = Flows(stage.run, stage.net.clients[0], stage.net.vip, 50, 50, hold=True, name="meanwhile").wait_open()
    words = [sys.executable, "-B", Path(__file__).with_name("neighbours_test.py"), "--build", stage.build]
    other = subprocess.Popen([*words, "a_service_on_the_link_is_carried"], stdout=subprocess.PIPE, text=True)
    out = other.communicate(timeout=120)[0]
    say(out)
    assert other.returncode == 0 and not traces_of(other.pid)
    flows.wait_moved(1)
    report = flows.finish()
    assert report.flows == 50 and not report.failures, report.failures[:3]


def it_starts_again_on_the_interface_after_kill_9(stage):
    for _ in range(3):
        stage.cleatd.kill()
        assert "xdp" in stage.links(), "the program stays attached, which is what this is about"
        stage.cleatd.start()
        stage.carries()


def a_clean_end_leaves_the_interface_as_it_was(stage):
    pid = stage.cleatd.child.pid
    for _ in range(3):  # impatience changes nothing
        stage.cleatd.child.send(signal.SIGTERM)
        time.sleep(0.05)
    assert stage.cleatd.stop() == 0
    assert "xdp" not in stage.links() and "cleat-inside:" not in stage.links(), stage.links()
    assert not Path(f"/var/run/dpdk/cleat-{pid}").exists() and not Path(stage.cleatd.api.path).exists()


def an_interface_that_is_missing_is_named(stage):
    stage.refused(stage.daemon("second", device="veth:eth7"), "port inside", "no interface eth7")


def an_address_on_the_interface_is_named_with_the_mend(stage):
    stage.net.balancer.ip("address add 10.20.0.2/24 dev eth2")
    stage.refused(stage.daemon("second"), "port inside", "10.20.0.2/24", "ip address del 10.20.0.2/24 dev eth2")
    stage.net.balancer.ip("address del 10.20.0.2/24 dev eth2")


def more_workers_than_queues_are_refused(stage):
    stage.refused(stage.daemon("second", workers=3), "port inside", "eth2", "dataplane.workers")


def af_packet_serves_when_asked_for(stage):
    stage.cleatd = stage.daemon("packet", device="packet:eth2").start()
    assert "driver=net_af_packet" in stage.cleatd.child.log() and "wakes=yes" not in stage.cleatd.child.log()
    stage.carries()
    stage.cleatd.kill()
    stage.cleatd.start()
    stage.carries()
    assert stage.cleatd.stop() == 0


def af_packet_serves_when_af_xdp_cannot_and_the_log_says_why(stage):
    """More queues are fed than workers serve: a veth takes no XDP program then."""
    stage.net.feed_queues(2)
    stage.cleatd = stage.daemon("fallback").start()
    line = next(row for row in stage.cleatd.child.log().splitlines() if "port on slower driver" in row)
    say(line)
    assert "driver=net_af_packet" in line and "ethtool -L" in line
    stage.carries()
    assert stage.cleatd.stop() == 0


def two_workers_share_two_queues(stage):
    stage.cleatd = stage.daemon("two", workers=2).start()
    assert "driver=net_af_xdp" in stage.cleatd.child.log() and "queues=2 wakes=yes" in stage.cleatd.child.log()
    stage.carries(100)
    shares = [w["busy_bursts"] for w in stage.cleatd.api.stats()["workers"]]
    say(f"busy bursts by worker: {shares}")
    assert len(shares) == 2 and all(shares)
    assert stage.cleatd.stop() == 0


TESTS = (a_veth_is_served_by_af_xdp, a_second_cleatd_on_one_state_file_is_refused,
         a_second_cleatd_on_one_interface_is_refused, a_second_cleatd_on_one_api_socket_is_refused,
         another_run_at_the_same_time_does_not_meet_this_one, it_starts_again_on_the_interface_after_kill_9,
         a_clean_end_leaves_the_interface_as_it_was, an_interface_that_is_missing_is_named,
         an_address_on_the_interface_is_named_with_the_mend, more_workers_than_queues_are_refused,
         af_packet_serves_when_asked_for, af_packet_serves_when_af_xdp_cannot_and_the_log_says_why,
         two_workers_share_two_queues)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
