# SPDX-License-Identifier: MIT
"""Tests that share a stage: a lab with a cleatd in it, made once for a file because that takes seconds.

A test is a function of the stage, its name a sentence that is true of the product; they run in order. After a failure
come the last lines of all logs. After the last test the stage is removed, and nothing may be left behind.
"""
import argparse
import contextlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from lab.run import Run  # noqa: E402
from lab.wait import wait_for  # noqa: E402
from tap import Skipped, run_tests  # noqa: E402
from traces import traces_of  # noqa: E402

_LOG_LINES = 12


def run_on_stages(*groups, reason_to_skip=lambda build: None):
    """groups: (make, tests), where make(run, build) returns the stage; its name is told when there are several.
    reason_to_skip: asked first; a text skips them all. Ends the program as run_tests() does.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build", help="folder that holds tools/cleatd and tools/cleatctl")
    parser.add_argument("--logs", help="keep all logs and configs there")
    parser.add_argument("only", nargs="*", help="names of tests")
    wanted = parser.parse_args()
    if reason := reason_to_skip(Path(wanted.build).resolve()):
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)
    tests = []
    with contextlib.ExitStack() as stages:
        for make, functions in groups:
            chosen = [f for f in functions if not wanted.only or f.__name__ in wanted.only]
            where = f"_with_{make.__name__}" if len(groups) > 1 else ""
            stage = _Stage(make, Path(wanted.build).resolve(), wanted.logs, stages)
            tests += [stage.test(f, f.__name__ + where) for f in chosen] + [stage.nothing_is_left_behind] * bool(chosen)
        run_tests(tests)


def say(text):
    """Lines for the reader of the log: figures, reasons."""
    print("\n".join(f"# {line}" for line in str(text).rstrip().splitlines()), flush=True)


class _Stage:
    def __init__(self, make, build, logs, stages):
        self._make, self._build, self._logs, self._stages = make, build, logs, stages
        self._own = contextlib.ExitStack()  # closed by the last test, or by the end of the program
        self._run = self._stage = self._broken = None

    def test(self, function, name):
        def on_stage():
            try:
                function(self._get())
            except Skipped:
                raise
            except Exception:
                if self._run:
                    _show_logs(self._run.folder)
                raise
        on_stage.__name__ = name
        return on_stage

    def nothing_is_left_behind(self):
        try:
            self._require_accounts()
        finally:
            self._own.close()
        left = traces_of(os.getpid(), self._run.pids)
        assert not left, left

    def _require_accounts(self):
        """Whatever the tests did: of every frame that came it is known what became."""
        cleatd = getattr(self._stage, "cleatd", None)
        if cleatd is None or cleatd.child is None or not cleatd.child.running():
            return
        wait_for(lambda: not cleatd.api.unaccounted(), lambda: f"each frame to be accounted for: {cleatd.api.unaccounted()}", 30)

    def _get(self):
        if self._broken:
            raise self._broken.with_traceback(None)
        if self._stage is None:
            self._stages.enter_context(self._own)
            self._run = self._own.enter_context(Run(self._logs))
            try:
                self._stage = self._make(self._run, self._build)
            except Exception as error:
                self._broken = error
                raise
        return self._stage


def _show_logs(folder):
    for path in sorted(folder.glob("*.log")):
        lines = path.read_text(errors="replace").rstrip().splitlines()[-_LOG_LINES:]
        if lines:
            say(f"--- {path.name}\n" + "\n".join(line[:300] for line in lines))
