# SPDX-License-Identifier: MIT
"""tools/demo as a user starts it: it ends well, it says so when it does not, and it leaves nothing behind.

usage: demo_test.py BUILDDIR [TEST...]   BUILDDIR holds tools/cleatd and tools/cleatctl
"""
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tap import run_tests

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from lab import leftovers  # noqa: E402

BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()


class Demo:
    """One tools/demo in a process of its own."""

    def __init__(self, *arguments, build=None):
        self.before = set(leftovers.dead())
        self.build = tempfile.TemporaryDirectory(prefix="demo-build.")
        tools = Path(self.build.name) / "tools"
        tools.mkdir()
        for name in ("cleatd", "cleatctl"):
            (tools / name).symlink_to(build or BUILD / "tools" / name)
        self.process = subprocess.Popen([ROOT / "tools/demo", "--build", self.build.name, *arguments], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = ""

    def read_until(self, text):
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return
        raise AssertionError(f"no '{text}' in:\n{self.output}")

    def end(self, number=None):
        """Its exit code; everything that it said is in `output`."""
        if number:
            self.process.send_signal(number)
        self.output += self.process.stdout.read()
        self.build.cleanup()
        return self.process.wait(60)

    def left(self):
        """What it left: names of runs that are gone, and processes that still name its folder or namespaces."""
        mark = re.compile(rf"cleat-{self.process.pid}\b")
        return sorted(set(leftovers.dead()) - self.before) + [line for line in command_lines() if mark.search(line)]


def command_lines():
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield (folder / "cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:  # it has just ended
            pass


def expect(held, demo):
    assert held, f"left: {demo.left()}, it said:\n{demo.output}"


def every_step_holds_in_nat_and_dsr():
    demo = Demo("--modes")
    code = demo.end()
    expect(code == 0 and demo.output.count(" ok   weights") == 2 and "Every step held" in demo.output, demo)
    expect(not demo.left(), demo)


def ctrl_c_in_the_middle_leaves_nothing():
    demo = Demo()
    demo.read_until(" ok   publish")
    code = demo.end(signal.SIGINT)
    expect(code == 128 + signal.SIGINT and not demo.left(), demo)


def a_cleatd_that_does_not_start_is_a_failure_that_leaves_nothing():
    demo = Demo(build="/bin/false")
    code = demo.end()
    expect(code == 1 and "FAIL start" in demo.output and not demo.left(), demo)


def two_at_once_stay_until_told_and_do_not_meet():
    demos = one, two = Demo("--stay"), Demo("--stay")
    for demo in demos:
        demo.read_until("tail -f")
        ctl = re.search(r"alias ctl='(.*)'", demo.output).group(1).split()
        shown = subprocess.run([*ctl, "backend", "show"], capture_output=True, text=True)
        expect(shown.returncode == 0 and "10.20.0.13" in shown.stdout, demo)
    expect(one.end(signal.SIGINT) == 0 and not one.left(), one)
    expect(two.process.poll() is None, two)
    expect(two.end(signal.SIGTERM) == 0 and not two.left(), two)


if __name__ == "__main__":
    run_tests((every_step_holds_in_nat_and_dsr, ctrl_c_in_the_middle_leaves_nothing,
               a_cleatd_that_does_not_start_is_a_failure_that_leaves_nothing,
               two_at_once_stay_until_told_and_do_not_meet), sys.argv[2:])
