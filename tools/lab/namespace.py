# SPDX-License-Identifier: MIT
"""A network namespace (ip-netns(8)): one host of the lab."""
import contextlib
import os
import signal
import subprocess
import time

# Quiet and quick hosts: no duplicate address detection, no router advertisements, strict answers to ARP (an address of
# the loopback is not announced), no reverse path filter, IPv6 addresses stay when the link goes down.
_SYSCTLS = """
set_all() { for f in /proc/sys/net/$1/conf/*/$2; do echo $3 > $f; done; }
set_all ipv4 rp_filter 0; set_all ipv4 arp_ignore 1; set_all ipv4 arp_announce 2; set_all ipv4 send_redirects 0
set_all ipv6 accept_dad 0; set_all ipv6 dad_transmits 0; set_all ipv6 accept_ra 0; set_all ipv6 keep_addr_on_down 1
"""


class Namespace:
    """Made at once, deleted with everything in it at the end of the run."""

    def __init__(self, run, name):
        self.run = run
        self.name = name
        self.full_name = run.prefix + name
        run.at_end(delete, self.full_name)
        subprocess.run(["ip", "netns", "add", self.full_name], check=True)
        self.sh(_SYSCTLS)
        self.ip("link set lo up")

    def command(self, *words):
        """The words that run `words` in here; exec'd all the way, so the child's pid is the program's own."""
        return ["ip", "netns", "exec", self.full_name, *map(str, words)]

    def call(self, *words, check=True, timeout_s=60, **options):
        """Runs to the end. Returns subprocess.CompletedProcess with text in stdout and stderr."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=timeout_s,
                              stdin=subprocess.DEVNULL, **options)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {' '.join(map(str, words))}: exit {done.returncode}: "
                               f"{(done.stderr or done.stdout).strip()}")
        return done

    def sh(self, script):
        return self.call("sh", "-ec", script).stdout

    def ip(self, *lines):
        """Each line is one ip(8) command without the word ip."""
        done = subprocess.run(["ip", "-n", self.full_name, "-batch", "-"], input="\n".join(lines) + "\n",
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}: ip: {done.stderr.strip()} in: {lines}")

    def delete(self):
        """Before the end of the run; ends what runs in it."""
        delete(self.full_name)

    def forward_packets(self):
        """Makes a router of it."""
        self.sh("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")


def pids(full_name):
    done = subprocess.run(["ip", "netns", "pids", full_name], capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]


def delete(full_name):
    """Ends what still runs in it, then deletes it. Succeeds if there is none."""
    if not os.path.exists(f"/run/netns/{full_name}"):
        return
    deadline = time.monotonic() + 5
    for number in (signal.SIGTERM, signal.SIGKILL):
        while left := pids(full_name):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(0.05)
            if number == signal.SIGTERM and time.monotonic() > deadline - 3 or time.monotonic() > deadline:
                break
    done = subprocess.run(["ip", "netns", "delete", full_name], capture_output=True, text=True)
    if done.returncode != 0 and os.path.exists(f"/run/netns/{full_name}"):  # another run may remove the same leftover
        raise RuntimeError(f"{full_name}: {done.stderr.strip()}")
