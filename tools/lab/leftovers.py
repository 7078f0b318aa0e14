# SPDX-License-Identifier: MIT
"""What runs of the lab have left: names that begin with cleat-PID-, found to compare and to remove.

A run removes its own things; only one that was killed by SIGKILL leaves any, and the next run removes them.
"""
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import namespace

_NAME = re.compile(r"cleat-(\d+)(-|$)")
_PLACES = (Path("/dev/shm"), Path("/var/run/dpdk"))


def namespaces():
    """Names of all network namespaces that runs of the lab made."""
    return sorted(p.name for p in Path("/run/netns").glob("cleat-*-*") if _NAME.match(p.name))


def files():
    """Folders and files that runs of the lab made outside namespaces."""
    places = (Path(tempfile.gettempdir()), *_PLACES)
    return sorted(str(p) for place in places if place.is_dir() for p in place.iterdir() if _NAME.match(p.name))


def processes():
    """Processes inside the namespaces of runs: {name of the namespace: [pid]}."""
    found = {name: namespace.pids(name) for name in namespaces()}
    return {name: pids for name, pids in found.items() if pids}


def remove():
    """Removes what belongs to runs whose process is gone. A live run's things are never touched."""
    for name in namespaces():
        if _is_dead(name):
            namespace.delete(name)
    for path in files():
        if _is_dead(Path(path).name):
            shutil.rmtree(path, ignore_errors=True)


def _is_dead(name):
    return not Path("/proc", _NAME.match(name).group(1)).exists()


def main():
    """Prints one line per leftover; for comparisons before and after."""
    for name in namespaces():
        print("namespace", name)
    for path in files():
        print("file", path)
    interfaces = subprocess.run(["ip", "-br", "link"], check=True, capture_output=True, text=True).stdout
    for line in interfaces.splitlines():
        print("interface", line.split()[0])


if __name__ == "__main__":
    main()
