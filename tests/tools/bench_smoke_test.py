# SPDX-License-Identifier: MIT
"""cleat-bench runs each of its cases, and each does what it says.  usage: bench_smoke_test.py CLEAT_BENCH"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench_reports import ROOT, Tap, says, script

GROUPS = ("pipeline", "ice", "scale", "stage", "quic-lb", "compile")


def run_smoke(folder):
    """(exit status, its report's path, the runs in it)"""
    path = Path(folder) / "report.json"
    done = subprocess.run([sys.argv[1], "--smoke", f"--benchmark_out={path}", "--benchmark_out_format=json"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return done, path, json.loads(path.read_text())["benchmarks"]


def case_of(run):
    """pipeline/nat_v4_hit/65536/manual_time -> nat_v4_hit"""
    return run["name"].split("/")[1]


def documented():
    """The names in the first column of the tables of docs/benchmarks.md that are about cleat-bench."""
    page = (ROOT / "docs/benchmarks.md").read_text().split("\n## Two builds")[0]
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}


def with_counter(runs, name, case):
    return [run[name] for run in runs if re.fullmatch(case, case_of(run)) and name in run]


with tempfile.TemporaryDirectory() as folder, Tap() as tap:
    done, path, runs = run_smoke(folder)
    tap.check("it ends well", [] if done.returncode == 0 else [f"exit {done.returncode}: {done.stderr}"])
    tap.check("no case failed", [f"{r['name']}: {r['error_message']}" for r in runs if r.get("error_occurred")])
    unit = {True: "ms_per_snapshot", False: "ns_per_packet"}
    tap.check("each case says what a packet or a snapshot costs",
              [r["name"] for r in runs if not r.get(unit[r["name"].startswith("compile/")], 0) > 0])
    tap.check("no known flow was missed", [r["name"] for r in runs if r["name"].startswith(("pipeline", "ice", "scale")) and r.get("misses") != 0])
    tap.check("there are cases of each group", [g for g in GROUPS if not any(r["name"].startswith(g + "/") for r in runs)])
    lost = with_counter(runs, "untracked", r"nat_v4_hit_(10|50|80)_percent|dsr_v4_hit_80_percent")
    tap.check("up to 80 % full, the table takes every flow", [] if lost == [0, 0, 0, 0] else [str(lost)])
    room = with_counter(runs, "bytes_per_flow", r"dsr_v4_hit_80_percent")
    tap.check("a flow takes 24 bytes at most, then", [] if len(room) == 1 and 16 < room[0] <= 24 else [str(room)])
    refused = with_counter(runs, "untracked", r"(nat|dsr)_new_flow_full")
    tap.check("a full table takes hardly any", [] if len(refused) == 2 and min(refused) > 0.9 else [str(refused)])
    tap.check("snapshots changed", [] if min(with_counter(runs, "swaps", r"nat_v4_hit_swaps"), default=0) > 0 else ["they did not"])
    tap.check("two workers are compared with one", [] if min(with_counter(runs, "ns_alone", r"nat_v4_hit_2_workers"), default=0) > 0 else ["no"])
    measured = {case_of(r) for r in runs}
    tap.check("docs/benchmarks.md names each case", sorted(measured - documented()))
    tap.check("and no other", sorted(documented() - measured))
    tap.check("its report is read by bench-table", says(script("bench-table", "--from", path), 0, "medians of 1"))
    named = "".join((ROOT / "tools" / script).read_text() for script in ("bench-table", "bench_targets.py"))
    tap.check("the cases of bench-table are there", sorted(set(re.findall(r'"(\w+)/', named)) - measured - {"pipeline"}))
    nothing = subprocess.run([sys.argv[1], "--benchmark_filter=^no_such_case$"], capture_output=True).returncode
    tap.check("a name that no case has is an error", [] if nothing == 1 else [f"exit {nothing}"])
    sized = json.loads(subprocess.run([sys.argv[1], "--smoke", "--flows", "2,2048", "--benchmark_filter=^pipeline/nat_v4_hit/",
                                       "--benchmark_format=json"], capture_output=True).stdout)["benchmarks"]
    tap.check("tables have the sizes that are asked for",
              [] if [r["name"].split("/")[2] for r in sized] == ["2", "2048"] else [str(sized)])
    for wrong in ("", "0", "2,1", "1,1", "1,", "many", "1073741825"):
        refused = subprocess.run([sys.argv[1], "--flows", wrong], capture_output=True, text=True)
        tap.check(f"no table has '{wrong}' flows", says((refused.returncode, refused.stderr), 2, "ascending numbers"))
