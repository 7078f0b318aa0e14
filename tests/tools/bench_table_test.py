# SPDX-License-Identifier: MIT
"""tools/bench-table: medians beside targets, from a report that was saved."""
import json
import tempfile
from pathlib import Path

from bench_reports import MACHINE, Tap, failed_run, run_of, says, script, write_report

HIT, REPLY = "pipeline/nat_v4_hit/1", "pipeline/nat_v4_reply/1048576"
WORKERS = "pipeline/nat_v4_hit_2_workers/65536"

with tempfile.TemporaryDirectory() as folder, Tap() as tap:
    path = Path(folder) / "report.json"
    write_report(path, {HIT: [28.0, 27, 29, 90, 28, 28, 27, 29, 28], REPLY: [80.0, 81, 79, 80, 80, 80, 80, 80, 80]})
    found = script("bench-table", "--from", path)
    tap.check("a cell is the median, the least and the most", says(found, 0, "| 28 (27 - 90) |"))
    tap.check("a target that was missed is marked", says(found, 0, "80 (79 - 81), missed"))
    tap.check("the machine, the build and the repetitions are named",
              says(found, 0, "One", "2 cpus", "2.45 GHz", "release", "pages 4k", "medians of 9"))
    tap.check("what was not measured stays empty", says(found, 0, "| nat | <= 40 |  |"))

    path.write_text(json.dumps({"context": MACHINE, "benchmarks": [
        run_of(WORKERS, 20.0, ratio=1.9), run_of(WORKERS, 20.0, ratio=1.7), run_of(WORKERS, 20.0, ratio=1.85)]}))
    tap.check("two workers are so many times one", says(script("bench-table", "--from", path), 0, "1.85 x 1 worker (1.70 - 1.90 in 3"))
    path.write_text(json.dumps({"context": MACHINE, "benchmarks": [run_of(WORKERS, 20.0)]}))
    tap.check("unless they never were undisturbed", says(script("bench-table", "--from", path), 0, "other programs had the processors"))

    path.write_text(json.dumps({"context": MACHINE, "benchmarks": [run_of(REPLY, 80.0), failed_run(HIT, "a checksum is wrong")]}))
    tap.check("a case that failed fails", says(script("bench-table", "--from", path), 1, "failed: a checksum is wrong"))
    path.write_text(json.dumps({"context": MACHINE, "benchmarks": []}))
    tap.check("a report of nothing is refused", says(script("bench-table", "--from", path), 2, "nothing was measured"))
    tap.check("a folder without a build is refused", says(script("bench-table", "--build", folder), 2, "does not run"))
    tap.check("fewer than nine repetitions are refused", says(script("bench-table", "--build", folder, "--repetitions", "3"), 2, "9 or more"))
