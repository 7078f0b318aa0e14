# SPDX-License-Identifier: MIT
"""Counts the instructions of the packet path by valgrind's callgrind (https://valgrind.org/docs/manual/cl-manual.html)."""
import json
import re
import subprocess
import tempfile
from pathlib import Path

PACKETS = 4096  # of a repetition: one batch of cleat-bench
FEW, MANY = 2, 7  # repetitions: in their difference neither filling the tables nor the first batches count
# The whole of them with all that they call, and nothing of the benchmark around them.
COUNTED = ("lb::process(*", "lb::housekeep(*")


def count_total(program, case, repetitions):
    """Instructions of one run, tables filled and all. Raises AssertionError if the case did not run, once a repetition."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        command = ["valgrind", "--tool=callgrind", "--vgdb=no", f"--callgrind-out-file={profile}", "--collect-atstart=no",
                   *(f"--toggle-collect={function}" for function in COUNTED),
                   program, f"--benchmark_filter=^{case}/manual_time", "--benchmark_min_time=1e-9",
                   f"--benchmark_repetitions={repetitions}", "--benchmark_format=json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
        runs = [run for run in json.loads(done.stdout)["benchmarks"] if run["run_type"] == "iteration"]
        assert [run["iterations"] for run in runs] == [1] * repetitions, done.stdout
        assert not any(run.get("error_occurred") for run in runs), done.stdout
        total = int(re.search(r"^totals: (\d+)$", profile.read_text(), re.M)[1])
        assert total > 0, f"nothing was counted: have {COUNTED} other names?"
        return total


def count_packet(program, case):
    """Instructions a packet, to a tenth. The same each time, for the program has a clock of its own."""
    more = count_total(program, case, MANY) - count_total(program, case, FEW)
    return round(more / ((MANY - FEW) * PACKETS), 1)
