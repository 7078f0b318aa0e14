# SPDX-License-Identifier: MIT
"""What runs of the lab have left: names that begin with cleat-PID-, found to compare and to remove.

A run removes its own things; only one that was killed by SIGKILL leaves any, and the next run removes them.
"""
import contextlib
import fcntl
import os
import re
import shutil
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
    readable = [place for place in places if os.access(place, os.R_OK)]  # root's folders are not everybody's
    return sorted(str(p) for place in readable for p in place.iterdir() if _NAME.match(p.name))


def dead():
    """Names and paths that belong to runs whose process is gone."""
    return [n for n in namespaces() if _is_dead(n)] + [p for p in files() if _is_dead(Path(p).name)]


def remove():
    """Removes what dead() lists. A live run's things are never touched."""
    for name in namespaces():
        if _is_dead(name):
            namespace.delete(name)
    for path in files():  # only now: a cleatd that was ended with its namespace leaves some
        if _is_dead(Path(path).name):
            shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def mark_alive(folder):
    """Holds a lock on the folder: a run in another PID namespace cannot see that this process lives."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _is_dead(name):
    pid = _NAME.match(name).group(1)
    folders = (place / f"cleat-{pid}" for place in (Path(tempfile.gettempdir()), *_PLACES))
    lives = pid != str(os.getpid()) and Path("/proc", pid).exists()  # an earlier process had our pid
    return not lives and not any(_is_locked(folder) for folder in folders)


def _is_locked(folder):
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


def main():
    """Prints one line for each leftover of a run that is gone, and removes nothing."""
    print("\n".join(dead()) or "nothing left")


if __name__ == "__main__":
    main()
