# SPDX-License-Identifier: MIT
"""Whatever a run of the lab may leave on this machine: namespaces, files, processes, DPDK's folders."""
import os
import re
from pathlib import Path

from lab import leftovers


def traces_of(pid, cleatds=()):
    """What bears the name of the run in process `pid`. cleatds: pids of the daemons it had."""
    name = f"cleat-{pid}"
    found = [n for n in leftovers.namespaces() if n.startswith(name + "-")]
    found += [f for f in leftovers.files() if Path(f).name == name]
    found += [f"process {other}: {line}" for other, line in _command_lines()
              if other != os.getpid() and re.search(rf"\b{name}\b", line)]
    return found + [str(f) for f in (Path(f"/var/run/dpdk/cleat-{daemon}") for daemon in cleatds) if f.exists()]


def _command_lines():
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "cmdline").read_text(errors="replace").replace("\0", " ").strip()
        except OSError:
            pass
