# SPDX-License-Identifier: MIT
"""cleatd --check: each fault is made on purpose and found; then the mend is applied *as it is printed*, and the finding is gone."""
import copy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.flows import PORT, Flows, FlowServer
from lab.topology import Topology

NOBODY = 65534
_EXIT = {"note": 0, "warning": 1, "error": 2}


class Stage:
    """One arm with two receive queues of which one is fed. No cleatd runs but where a test starts it."""

    def __init__(self, run, build):
        self.run = run
        self.net = Topology(run, arms=1, backends=1, queues=2)
        self.net.feed_queues(1)
        self.space = self.net.balancer
        self.space.call("ethtool", "-L", "eth2", "rx", 1)
        self.server = FlowServer(run, self.net.backends[0])
        self.config = config_for(self.net, api_path(run), state_path(run, "cleatd.state"), workers=1)
        self.config["pools"] = {"near": {"backends": [self.net.backends[0].address]}}
        self.config["services"] = [service("flows", self.net.vip, "tcp", PORT, "near")]
        self.cleatd = Cleatd(run, self.space, build, self.config)

    def port(self, **fields):
        """The configuration with other fields of its port, for the checks that follow."""
        config = copy.deepcopy(self.config)
        config["dataplane"]["ports"][0].update(fields)
        self.cleatd.write(config)

    def check(self, *before, program=None):
        """All findings; the exit code says how bad the worst is. before: words that come before the program's"""
        words = [*before, program or self.cleatd.program, "--check", "--json", "--config", self.cleatd.config_path]
        done = self.space.call(*words, check=False)
        findings = json.loads(done.stdout)["findings"]
        assert done.returncode == max([0, *(_EXIT[f["severity"]] for f in findings)]), (done.returncode, done.stderr, findings)
        return findings

    def finding(self, severity, *words):
        found = [f for f in self.check() if all(word in f["what"] for word in words)]
        assert len(found) == 1, (words, found)
        say("{severity}  {subject}: {what}\n  run  {command}\n  set  {setting}".format(**found[0]))
        assert found[0]["severity"] == severity, found
        return found[0]

    def gone(self, *words):
        found = [f for f in self.check() if all(word in f["what"] for word in words)]
        assert not found, found

    def mended(self, severity, *words):
        """There is such a finding; its command runs; it is gone."""
        command = self.finding(severity, *words)["command"]
        assert command, "no command mends it"
        self.space.sh(command)
        self.gone(*words)


def a_machine_that_is_ready_has_nothing_worse_than_notes(stage):
    findings = stage.check()
    say("\n".join(f"{f['severity']}  {f['what']}" for f in findings))
    assert all(f["severity"] == "note" for f in findings), findings
    assert any("flows at a time" in f["what"] and f["subject"] == "nat" for f in findings), findings


def people_get_it_as_text(stage):
    stage.net.balancer.ip("link set eth2 down")
    done = stage.space.call(stage.cleatd.program, "--check", "-c", stage.cleatd.config_path, check=False)
    stage.net.balancer.ip("link set eth2 up")
    say(done.stdout)
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and lines[0].endswith("the file is right") and lines[-1].startswith("0 errors, 1 warning, ")
    assert lines[1].startswith("warning port inside: eth2 is down") and lines[2].split() == "run ip link set eth2 up".split()


def nothing_is_started_and_nothing_touched(stage):
    before = stage.space.sh("ip -d link; ip address; ethtool -k eth2; ethtool -l eth2; cat /proc/sys/net/ipv4/conf/eth2/*")
    stage.check()
    after = stage.space.sh("ip -d link; ip address; ethtool -k eth2; ethtool -l eth2; cat /proc/sys/net/ipv4/conf/eth2/*")
    assert after == before
    assert not stage.run.shm.joinpath("cleatd.state").exists() and not Path(stage.cleatd.api.path).exists()


def a_wrong_file_is_the_one_error(stage):
    stage.port(gatway="10.20.0.1")
    done = stage.space.call(stage.cleatd.program, "--check", "--json", "-c", stage.cleatd.config_path, check=False)
    stage.port()
    findings = json.loads(done.stdout)["findings"]
    assert done.returncode == 2 and len(findings) == 1 and findings[0]["severity"] == "error", done
    assert findings[0]["what"] == done.stderr.rstrip() and "gatway" in done.stderr, done


def an_interface_that_is_missing(stage):
    stage.port(device="veth:eth7")
    stage.finding("error", "no interface eth7")
    stage.port()


def an_interface_that_is_down(stage):
    stage.space.ip("link set eth2 down")
    stage.mended("warning", "eth2 is down")


def more_receive_queues_than_workers(stage):
    stage.space.call("ethtool", "-L", "eth2", "rx", 2)
    stage.mended("warning", "eth2", "2 active receive queues for 1 worker")


def a_peer_that_sends_to_more_queues(stage):
    stage.net.feed_queues(2)
    stage.mended("warning", "the peer of eth2", "no XDP program")


def offloads_of_the_peer_in_another_namespace(stage):
    stage.net.inside.space.call("ethtool", "-K", "balancer-eth2", "tx", "on", "tso", "on", "gso", "on")
    stage.mended("warning", "the peer of eth2", "without checksums")


def offloads_of_the_interface_itself(stage):
    stage.space.call("ethtool", "-K", "eth2", "tx", "on", "gro", "on")
    stage.mended("note", "eth2 has offloads")


def a_foreign_xdp_program(stage):
    stage.space.call(sys.executable, "-B", Path(__file__).with_name("xdp_pass.py"), "eth2")
    stage.mended("warning", "XDP program", "(firewall)", "eth2")


def an_xdp_program_that_a_killed_cleatd_left(stage):
    stage.cleatd.start().kill()
    stage.mended("note", "XDP program", "killed cleatd")


def an_mtu_that_is_not_the_configured_one(stage):
    stage.port(device="packet:eth2", mtu=9000)
    stage.mended("warning", "eth2 has an MTU of 1500, the configuration says 9000")
    stage.mended("warning", "the peer of eth2 has an MTU of 1500")
    stage.port(device="veth:eth2")
    assert "packet:eth2" in stage.finding("warning", "af_xdp takes an MTU of at most")["setting"]
    stage.port(device="packet:eth2")
    stage.gone("MTU")
    stage.port()
    stage.space.ip("link set eth2 mtu 1500")
    stage.net.inside.space.ip("link set balancer-eth2 mtu 1500")


def an_address_of_the_port_that_the_interface_carries(stage):
    stage.space.ip("address add 10.20.0.2/24 dev eth2")
    stage.mended("error", "eth2 carries 10.20.0.2/24", "punt tap")


def an_address_that_the_configuration_lacks(stage):
    stage.space.ip("address add 192.0.2.7/24 dev eth2", "route add default via 192.0.2.1 dev eth2")
    stage.mended("warning", "eth2 carries 192.0.2.7/24", "default route")


def a_vip_that_is_the_kernels_also_refuses_a_start(stage):
    stage.space.ip(f"address add {stage.net.vip}/32 dev lo")
    what = stage.finding("error", stage.net.vip, "the kernel's address on lo")["what"]
    done = subprocess.run(stage.space.command(stage.cleatd.program, "--config", stage.cleatd.config_path),
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and what in done.stderr, done
    stage.mended("error", stage.net.vip, "the kernel's address on lo")


def what_a_running_cleatd_holds(stage):
    stage.cleatd.start()
    held = ("eth2 is in use", "cleatd.state is in use", "another process listens there")
    for words in held:
        stage.finding("warning", words)
    assert stage.cleatd.stop() == 0
    for words in held:
        stage.gone(words)


def a_state_file_that_would_be_put_aside(stage):
    path = stage.run.shm / "cleatd.state"
    path.write_bytes(b"not a segment".ljust(4096))
    stage.mended("warning", "cleatd.state cannot be taken over")
    assert not path.exists() and path.with_name("cleatd.state.rejected").exists()


def an_api_socket_that_is_none(stage):
    Path(stage.cleatd.api.path).write_text("")
    stage.finding("error", "is no socket")
    Path(stage.cleatd.api.path).unlink()
    stage.gone("is no socket")


def capabilities_that_an_ordinary_user_lacks(stage):
    """The program is copied, for setcap marks a file."""
    folder = stage.run.folder
    program = folder / "cleatd-of-nobody"
    shutil.copy(stage.cleatd.program, program)
    os.chmod(folder, 0o711)
    as_nobody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
    words = {"program": program}
    command = [f for f in stage.check(*as_nobody, **words) if "lacks" in f["what"]][0]["command"]
    say(command)
    stage.space.sh(command)
    left = [f for f in stage.check(*as_nobody, **words) if "lacks" in f["what"]]
    os.chmod(folder, 0o700)
    assert not left, left


def locked_memory_that_is_short(stage):
    """The limit cannot be raised again by everybody: that the command's words are right is all that is looked at."""
    short = ("setpriv", "--bounding-set", "-ipc_lock", "--", "sh", "-c", "ulimit -l 64; exec \"$@\"", "sh")
    found = [f for f in stage.check(*short) if "locked memory" in f["what"]]
    assert len(found) == 1 and found[0]["command"] == "ulimit -l unlimited" and "64 KiB" in found[0]["what"], found
    stage.gone("locked memory")


def a_pci_device_that_is_not_there(stage):
    stage.port(device="ffff:ff:1f.7")
    stage.finding("error", "no PCI device ffff:ff:1f.7")
    stage.finding("error", "MiB of huge pages")
    stage.port()


def what_the_check_passed_starts(stage):
    assert all(f["severity"] == "note" for f in stage.check())
    stage.cleatd.start()
    assert "driver=net_af_xdp" in stage.cleatd.child.log()
    report = Flows(stage.run, stage.net.clients[0], stage.net.vip, 30, 100, name="checked").report()
    assert report.flows == 30 and not report.failures, report.failures[:3]
    assert stage.cleatd.stop() == 0


TESTS = (a_machine_that_is_ready_has_nothing_worse_than_notes, people_get_it_as_text, nothing_is_started_and_nothing_touched,
         a_wrong_file_is_the_one_error, an_interface_that_is_missing, an_interface_that_is_down,
         more_receive_queues_than_workers, a_peer_that_sends_to_more_queues, offloads_of_the_peer_in_another_namespace,
         offloads_of_the_interface_itself, a_foreign_xdp_program, an_xdp_program_that_a_killed_cleatd_left,
         an_mtu_that_is_not_the_configured_one, an_address_of_the_port_that_the_interface_carries,
         an_address_that_the_configuration_lacks, a_vip_that_is_the_kernels_also_refuses_a_start, what_a_running_cleatd_holds,
         a_state_file_that_would_be_put_aside, an_api_socket_that_is_none, capabilities_that_an_ordinary_user_lacks,
         locked_memory_that_is_short, a_pci_device_that_is_not_there, what_the_check_passed_starts)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
