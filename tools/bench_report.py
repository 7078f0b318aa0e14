# SPDX-License-Identifier: MIT
"""Reports of cleat-bench, as --benchmark_out writes them: figures by case, and the machine and build that they are of."""
import json
from dataclasses import dataclass, field
from pathlib import Path

MACHINE = ("cpu", "tsc_hz", "num_cpus", "caches")  # figures are compared only where these are equal
BUILD = ("version", "build_type", "compiler", "pages")


class Refused(Exception):
    """A report that says nothing, or two that do not belong together; the text is for the user."""


@dataclass
class Report:
    machine: dict
    build: dict
    figures: dict = field(default_factory=dict)  # case: ns per packet of each repetition
    ratios: dict = field(default_factory=dict)  # case of two workers: how much more than one they do, of each repetition
    failures: dict = field(default_factory=dict)  # case: why

    def machine_line(self):
        hz = float(self.machine["tsc_hz"])
        return f"{self.machine['num_cpus']} cpus, {self.machine['cpu']}, TSC {hz / 1e9:.2f} GHz"

    def build_line(self):
        return ", ".join(f"{key.replace('_', ' ')} {self.build[key]}" for key in BUILD)


def caches_of(context):
    return sorted((c["level"], c["type"], c["size"]) for c in context.get("caches", []))


def read_report(path):
    """Raises Refused for what is no report of cleat-bench."""
    try:
        found = json.loads(Path(path).read_text())
        context = found["context"]
        report = Report({"caches": caches_of(context)} | {k: context[k] for k in MACHINE if k != "caches"},
                        {k: context[k] for k in BUILD})
        runs = found["benchmarks"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path} is no report of cleat-bench (--benchmark_out=FILE): {error!r}") from None
    for run in runs:
        case = run.get("run_name", run["name"]).removesuffix("/manual_time")
        if run.get("error_occurred"):
            report.failures[case] = run["error_message"]
        elif run.get("run_type") == "iteration" and "ns_per_packet" in run:
            report.figures.setdefault(case, []).append(run["ns_per_packet"])
            if "ratio" in run:
                report.ratios.setdefault(case, []).append(run["ratio"])
    return report


def machines_differ(a, b):
    """What differs, a line each."""
    return [f"{key}: {a.machine[key]} and {b.machine[key]}" for key in MACHINE if a.machine[key] != b.machine[key]]
