# SPDX-License-Identifier: MIT
"""A golden case's way through cleatd on DPDK's net_pcap, as an ordinary user."""
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

from replay import Trouble

DEADLINE_S = 60


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("cleat", timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def get(path, resource):
    connection = UnixConnection(path)
    try:
        connection.request("GET", resource)
        return json.load(connection.getresponse())
    finally:
        connection.close()


class Daemon:
    def __init__(self, program, place):
        """place: a folder that every user may read; the program may lie where only root may."""
        self.program = shutil.copy(program, os.path.join(place, "cleatd"))
        self.user = pwd.getpwnam("nobody") if os.getuid() == 0 else None

    def __call__(self, case, folder):
        """Writes out*.pcap into the folder and returns the counts."""
        command = [self.program, "--config", f"{folder}/config.yaml", "--log", f"{folder}/log"]
        os.mkdir(f"{folder}/xdg", 0o700)
        if self.user:
            user = self.user
            for root, folders, files in os.walk(folder):
                for name in [".", *folders, *files]:
                    os.chown(os.path.join(root, name), user.pw_uid, user.pw_gid)
            command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]
        environment = {**os.environ, "XDG_RUNTIME_DIR": f"{folder}/xdg", "HOME": folder}
        with open(f"{folder}/output", "w", encoding="utf-8") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=folder)
        try:
            counts = self.watch(case, folder, process)
            process.send_signal(signal.SIGTERM)
            if process.wait(timeout=DEADLINE_S) != 0:
                raise Trouble(f"cleatd ended with {process.returncode} after SIGTERM: {said(folder)}")
            return counts
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    @staticmethod
    def watch(case, folder, process):
        """Waits until each frame of the case has its verdict."""
        deadline = time.monotonic() + DEADLINE_S
        stats = {}
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise Trouble(f"cleatd ended with {process.returncode}: {said(folder)}")
            try:
                stats = get(f"{folder}/api.sock", "/v1/stats")
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)  # not ready yet
                continue
            if settled(case, stats):
                return counted(stats)
            time.sleep(0.02)
        raise Trouble(f"not all {case['frames']} frames had a verdict after {DEADLINE_S} s: {stats}")


def said(folder):
    text = ""
    for name in ("output", "log"):
        if os.path.exists(f"{folder}/{name}"):
            with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as file:
                text += file.read()
    return text.strip()[-2000:]


def total(stats, part, key):
    return sum(row[key] for row in stats[part])


def announced(case, stats):
    """The announcements are out: one at least of each that is expected."""
    return total(stats, "ports", "tx_packets") >= case["expected"]


def settled(case, stats):
    received = total(stats, "ports", "rx_packets")
    return received >= case["frames"] and total(stats, "workers", "held") == 0 and announced(case, stats)


def counted(stats):
    return {
        "drops": {row["reason"]: row["packets"] for row in stats["drops"] if row["packets"]},
        "punted": total(stats, "ports", "punted"),
        "consumed": total(stats, "workers", "consumed"),
    }
