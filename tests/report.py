# SPDX-License-Identifier: MIT
"""Counts single test cases over meson build folders, prints those that failed with their output.

usage: report.py LABEL=BUILDDIR...   The last line is `N passed, M failed`, what was skipped stands before it; exit 0 only if M == 0 and N > 0.
gtest cases and TAP points come from meson-logs/testlog.junit.xml; testlog.json says how each program ended, so that one
that crashed, timed out or never wrote its results counts as a failure too. A folder without a log is a failed build.
"""
import json
import sys
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_OUTPUT = 12_000  # characters shown of one program


@dataclass
class Case:
    name: str
    result: str  # passed, failed or skipped
    output: str = ""


@dataclass
class Program:
    name: str
    suite: str
    cases: list = field(default_factory=list)
    output: str = ""


def cases_of(suite: xml.Element, whole: str) -> list:
    """The cases of one junit testsuite. `whole`: "PROJECT.TEST", stripped from gtest's suite names."""
    group = suite.get("name", "")[len(whole):].lstrip(".")
    cases = []
    for case in suite.findall("testcase"):
        if case.get("status") == "notrun":
            continue
        wrong = case.findall("failure") + case.findall("error")
        result = "failed" if wrong else "skipped" if case.find("skipped") is not None else "passed"
        name = case.get("name", "?").rpartition(" / ")[2]
        text = [w.text or w.get("message") or "" for w in wrong]
        text += [o.text or "" for o in case.findall("system-out") + case.findall("system-err")]
        cases.append(Case(f"{group}.{name}" if group else name, result, "\n".join(text).strip()))
    return cases


def programs_of(build: Path) -> list:
    """All test programs of one build with their cases."""
    logs = build / "meson-logs"
    try:
        ended = [json.loads(line) for line in (logs / "testlog.json").read_text().splitlines() if line]
        known = json.loads((build / "meson-info" / "intro-tests.json").read_text())
        suites = list(xml.parse(logs / "testlog.junit.xml").getroot().iter("testsuite"))
    except (OSError, xml.ParseError, json.JSONDecodeError) as error:
        return [Program("build", "", [Case("builds and runs its tests", "failed", str(error))])]
    projects = {s.get("name", "").split(".")[0] for s in suites} or {""}
    folders = {t["name"]: t["suite"][0].split(":")[-1] for t in known if t["suite"]}
    programs = []
    for end in ended:
        logged = end["name"]  # "NAME", or "PROJECT:SUITE / NAME" when there are several suites; so in junit too
        name = logged.rpartition(" / ")[2]
        output = (end.get("stdout") or "") + (end.get("stderr") or "")
        program = Program(name, folders.get(name, ""), output=output)
        for project in projects:
            whole = f"{project}.{logged}"
            for s in suites:
                if s.get("name") == whole or s.get("name", "").startswith(whole + "."):
                    program.cases += cases_of(s, whole)
                elif s.get("name") == project:
                    program.cases += [c for c in cases_of(s, project) if c.name == name]
        ended_well = end["result"] in ("OK", "SKIP", "EXPECTEDFAIL")
        if not ended_well and not any(c.result == "failed" for c in program.cases):
            program.cases = [c for c in program.cases if c.name != name]
            program.cases.append(Case(f"(the program: {end['result']})", "failed"))
        if ended_well and not program.cases:
            program.cases.append(Case(name, "skipped" if end["result"] == "SKIP" else "passed"))
        programs.append(program)
    return programs


def show(title: str, text: str) -> None:
    if len(text) > LONGEST_OUTPUT:
        text = f"[... {len(text) - LONGEST_OUTPUT} characters before]\n" + text[-LONGEST_OUTPUT:]
    print(f"---- {title}\n{text.rstrip()}\n" if text.strip() else f"---- {title}\n")


def main() -> int:
    total = {"passed": 0, "failed": 0, "skipped": 0}
    table = []
    failures = []
    for argument in sys.argv[1:]:
        label, _, folder = argument.partition("=")
        counts = {}
        for program in programs_of(Path(folder)):
            row = counts.setdefault(program.suite, {"passed": 0, "failed": 0, "skipped": 0})
            for case in program.cases:
                row[case.result] += 1
                total[case.result] += 1
            failed = [c for c in program.cases if c.result == "failed"]
            failures += [f"FAILED {label}: {program.name}: {case.name}" for case in failed]
            for case in failed:
                if case.output and case.output not in program.output:
                    show(f"{label}: {program.name}: {case.name}", case.output)
            if failed:
                show(f"output of {label}: {program.name}", program.output)
        table += [(label, suite, row) for suite, row in sorted(counts.items())]
    for line in failures:
        print(line)
    for label, suite, row in table:
        print(f"{label:8} {suite:12} {row['passed']:6} passed {row['failed']:4} failed {row['skipped']:4} skipped")
    if total["skipped"]:
        print(f"{total['skipped']} skipped")
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 0 if total["failed"] == 0 and total["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
