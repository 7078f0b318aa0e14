# SPDX-License-Identifier: MIT
"""tools/bench-stream goes through: every byte comes as it was sent, through each balancer, and the figures are told. Not how fast."""
import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tap import run_tests

BENCH = Path(__file__).resolve().parents[2] / "tools" / "bench-stream"
SUBJECTS = ("direct", "cleatd", "haproxy", "nginx")


def through_each_balancer_all_bytes_come_as_they_were_sent():
    with tempfile.TemporaryDirectory(prefix="bench-stream.") as folder:  # that holds nothing to build them with
        (Path(folder) / "tools").symlink_to(BUILD / "tools")
        done = subprocess.run([sys.executable, "-B", BENCH, "--build", folder, "--megabytes", "80", "--rounds", "1", "--rate", "0"],
                              capture_output=True, text=True, timeout=500)
    print("\n".join(f"# {line}" for line in (done.stdout + done.stderr).splitlines()))
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()[-len(SUBJECTS):]]
    assert tuple(row[0] for row in rows) == SUBJECTS, rows
    for name, *figures in rows:
        cpu, busy, own, machine, *_, rate = (float(word) for word in figures if word != "..")
        assert machine > 0 and rate > 0, name
        assert name == "direct" or (cpu > 0 and busy >= own > 0), (name, cpu, busy, own)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    BUILD = Path(parser.parse_args().build).resolve()
    run_tests([through_each_balancer_all_bytes_come_as_they_were_sent])
