# SPDX-License-Identifier: MIT
"""Reports as cleat-bench writes them, made up; and the scripts that read them."""
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "style"))
from house import Tap  # noqa: E402,F401

MACHINE = {"cpu": "One", "tsc_hz": "2450000000", "num_cpus": 2, "caches": [{"level": 1, "type": "Data", "size": 32768}],
           "version": "0.1.0", "build_type": "release", "compiler": "gcc 12", "pages": "4k"}


def run_of(case, ns, **more):
    name = f"{case}/manual_time"
    return {"name": name, "run_name": name, "run_type": "iteration", "ns_per_packet": ns} | more


def failed_run(case, why):
    name = f"{case}/manual_time"
    return {"name": name, "run_name": name, "run_type": "iteration", "error_occurred": True, "error_message": why}


def write_report(path, figures, machine=(), failures=()):
    """figures: {case: [ns]}; failures: {case: why}. Also an aggregate, which counts for nothing."""
    runs = [run_of(case, ns) for case, all_ns in figures.items() for ns in all_ns]
    runs += [failed_run(case, why) for case, why in dict(failures).items()]
    runs += [run_of(case, 1.0) | {"run_type": "aggregate", "name": f"{case}/manual_time_mean"} for case in figures]
    path.write_text(json.dumps({"context": MACHINE | dict(machine), "benchmarks": runs}))
    return path


def script(name, *arguments):
    """(exit status, what it printed)"""
    done = subprocess.run([sys.executable, "-B", ROOT / "tools" / name, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def says(found, status, *words):
    """What is wrong with (exit status, text), for Tap.check()."""
    wrong = [] if found[0] == status else [f"exit {found[0]} instead of {status}: {found[1]}"]
    return wrong + [f"'{word}' is not in: {found[1]}" for word in words if word not in found[1]]
