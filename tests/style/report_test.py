# SPDX-License-Identifier: MIT
"""tests/report.py counts what tools/test prints last: single cases, and each way in which a program can go wrong."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import house

GTEST = '<testsuite name="p.{}.A"><testcase name="Passes" status="run"/><testcase name="Fails" status="run">' \
        '<failure message="why"/></testcase><testcase name="Off" status="notrun"/></testsuite>'
TAP = '<testsuite name="p.{}"><testcase name="1 - one"/><testcase name="2 - two"><skipped/></testcase></testsuite>'
ALONE = '<testsuite name="p"><testcase name="{}"/></testsuite>'


def last_line(programs, builds=("plain",)):
    """programs: [(name, result as meson says it, junit with {} for the name)]. Returns (last line, exit code)."""
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder) / "plain"
        (build / "meson-logs").mkdir(parents=True)
        (build / "meson-info").mkdir()
        tests = [{"name": name.rpartition(" / ")[2], "suite": ["p:x"]} for name, _, _ in programs]
        (build / "meson-info/intro-tests.json").write_text(json.dumps(tests))
        log = [json.dumps({"name": name, "result": result, "stdout": "words"}) for name, result, _ in programs]
        (build / "meson-logs/testlog.json").write_text("\n".join(log))
        junit = "".join(text.format(name) for name, _, text in programs)
        (build / "meson-logs/testlog.junit.xml").write_text(f"<testsuites>{junit}</testsuites>")
        arguments = [f"{b}={Path(folder) / b}" for b in builds]
        done = subprocess.run([sys.executable, house.ROOT / "tests/report.py", *arguments], capture_output=True, text=True)
        return (done.stdout + done.stderr).splitlines()[-1], done.returncode


CASES = [
    ("single gtest cases are counted, disabled ones are not", [("x a", "FAIL", GTEST)], ("1 passed, 1 failed", 1)),
    ("TAP points are counted, skipped ones apart", [("x b", "OK", TAP)], ("1 passed, 0 failed", 0)),
    ("names with their suite in front are the same tests", [("p:x+y / x b", "OK", TAP)], ("1 passed, 0 failed", 0)),
    ("a program without cases is one", [("x c", "OK", "")], ("1 passed, 0 failed", 0)),
    ("a crash before any result is a failure", [("x d", "FAIL", "")], ("0 passed, 1 failed", 1)),
    ("a time-out is a failure though junit does not say so", [("x e", "TIMEOUT", ALONE)], ("0 passed, 1 failed", 1)),
    ("TAP that ends too early is a failure beside its points", [("x f", "ERROR", TAP)], ("1 passed, 1 failed", 1)),
    ("nothing run is no success", [], ("0 passed, 0 failed", 1)),
]

with house.Tap() as tap:
    for name, programs, wanted in CASES:
        found = last_line(programs)
        tap.check(name, [] if found == wanted else [f"{found} instead of {wanted}"])
    found = last_line([("x b", "OK", TAP)], ("plain", "asan"))
    tap.check("a build that never ran its tests is a failure", [] if found == ("1 passed, 1 failed", 1) else [str(found)])
