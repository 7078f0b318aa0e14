# SPDX-License-Identifier: MIT
"""A worker that is never without packets calls the system not once, as strace sees it: cleatd as it ships, while control swaps
snapshots and answers its API. tests/dataplane/quiet_path_test.cc watches the pipeline for memory and locks, too.
"""
import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from lab.child import Child  # noqa: E402
from lab.forwarding import BACKENDS, Cleat, Traffic, first_pass  # noqa: E402
from lab.run import Run  # noqa: E402
from tap import Skipped, run_tests  # noqa: E402

FLOWS, SNAPSHOTS, WORKED_S, DEADLINE_S = 4096, 20, 3, 120
BUILD = None


def calls_of(trace):
    """{thread id: [its system calls]}"""
    calls = {}
    for line in trace.read_text(errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        calls.setdefault(int(thread), []).append(call.strip())
    return calls


def may_trace():
    return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


def a_worker_under_load_makes_no_system_call_while_snapshots_are_swapped():
    if not may_trace():
        raise Skipped("this machine lets nobody trace a process")
    with Run() as run:
        traffic = Traffic(run, FLOWS, 60)
        first_pass(run, BUILD, traffic, "nat")
        with Cleat(run, BUILD, traffic, traffic.endless(), "nat") as cleat:
            cleat.warm_up(2 * FLOWS)
            trace = run.path("strace")
            worker, before = cleat.worker(), cleat.sample()
            strace = Child(run, "strace", ["strace", "-f", "-qq", "-o", trace, "-p", str(cleat.child.pid)])
            cleat.child.wait_until(lambda: trace.exists() and calls_of(trace), "strace saw a call", DEADLINE_S)
            for number in range(SNAPSHOTS):
                cleat.api.set_weight("servers", BACKENDS[0], 100 + number)
            cleat.child.wait_until(lambda: cleat.sample().cpu_ns - before.cpu_ns >= WORKED_S * 1e9,
                                   f"the worker had worked for {WORKED_S} s", DEADLINE_S)
            after, faults = cleat.sample(), cleat.faults()
            strace.stop()
        calls = calls_of(trace)
    print(f"# {after.sent - before.sent} packets, {sum(map(len, calls.values()))} calls of {len(calls)} threads")
    assert not faults, faults
    assert after.sent - before.sent > 100 * FLOWS, (before, after)
    assert not calls.get(worker), calls[worker][:20]
    assert sum(map(len, calls.values())) > SNAPSHOTS, "strace did not see what control did"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build", help="folder that holds tools/cleatd")
    BUILD = Path(parser.parse_args().build).resolve()
    run_tests([a_worker_under_load_makes_no_system_call_while_snapshots_are_swapped])
