# SPDX-License-Identifier: MIT
"""cleatd in a namespace of the lab, with a config, a state file and an API socket of its own."""
import shutil
import signal
import subprocess
from pathlib import Path

from .api import Api
from .child import Child
from .config import to_yaml


class Cleatd:
    """build  folder that holds tools/cleatd and tools/cleatctl
    config    dict (config.py), or text
    name      of its files when a run has several
    eal       extra arguments for --eal
    Not started yet: start() does.
    """

    def __init__(self, run, space, build, config, name="cleatd", eal=None, log_level="info"):
        self.run, self.space, self.name, self.eal, self.log_level = run, space, name, eal, log_level
        self.program, self.ctl_program = (Path(build) / "tools" / p for p in ("cleatd", "cleatctl"))
        self.config_path = run.path(f"{name}.yaml")
        self.api = Api(api_path(run, name))
        self.child = None
        self.write(config)

    def write(self, config):
        """Puts another config in the file; reload() or restart() brings it in force."""
        self.config_path.write_text(config if isinstance(config, str) else to_yaml(config))

    def start(self, deadline_s=15.0):
        """Returns when the API answers."""
        words = [self.program, "--config", self.config_path, "--log-level", self.log_level]
        self.child = Child(self.run, self.name, words + (["--eal", self.eal] if self.eal else []), self.space)
        # After kill -9 the EAL's folder stays.
        self.run.at_end(shutil.rmtree, f"/var/run/dpdk/cleat-{self.child.pid}", ignore_errors=True)
        self.child.wait_until(self.api.answers, "its API answered", deadline_s)
        return self

    def stop(self):
        """SIGTERM; returns the exit code."""
        return self.child.stop(deadline_s=10.0)

    def kill(self):
        """SIGKILL: what a crash looks like."""
        return self.child.kill()

    def reload(self):
        self.child.send(signal.SIGHUP)

    def wait_healthy(self, pool, count, deadline_s=10.0):
        """Until exactly `count` backends of the pool are checked and up. Returns their names."""
        def up():
            names = [name for name, b in self.api.backends(pool).items() if b["state"] == "up"]
            return names if len(names) == count else None
        return self.child.wait_until(up, f"{count} backends of {pool} are up", deadline_s)

    def ctl(self, *words, check=True):
        """cleatctl with these words; returns subprocess.CompletedProcess with text."""
        return subprocess.run(self.ctl_words(*words), check=check, capture_output=True, text=True, timeout=30)

    def ctl_words(self, *words):
        return [str(self.ctl_program), "--socket", self.api.path, *map(str, words)]


def api_path(run, name="cleatd"):
    return run.shm / f"{name}.sock"


def state_path(run, name="cleatd"):
    return run.shm / name
