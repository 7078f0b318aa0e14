# SPDX-License-Identifier: MIT
"""The demo's command line; tools/demo calls it."""
import argparse
import http.client
import json
import subprocess
import sys
import time
from pathlib import Path

from ..binaries import build_programs, ready
from ..run import Interrupted, Run
from ..wait import DeadlineMissed
from . import steps
from .screen import Screen, how_to_look_around
from .stage import Stage

_FAILURES = (steps.StepFailed, DeadlineMissed, RuntimeError, OSError, subprocess.SubprocessError)
_NEXT = """Next: tools/demo --stay leaves it running for you to look around, --modes shows dsr as well; docs/demo.md explains
each step, docs/config.md the configuration."""


class Failed(Exception):
    """A step did not hold; it has been said."""


def arguments():
    parser = argparse.ArgumentParser(prog="tools/demo", description="Three real RTMP servers behind one address: "
                                     "publish, play, kill a server, change weights. Takes about a minute.")
    parser.add_argument("--build", metavar="DIR", help="build there and keep it, or take the programs that are there; "
                        "otherwise a temporary folder")
    parser.add_argument("--modes", action="store_true", help="show nat, then dsr (otherwise nat)")
    parser.add_argument("--stay", action="store_true", help="leave it running until Ctrl-C, and say how to look around")
    parser.add_argument("--logs", metavar="DIR", help="keep all logs and configs there")
    return parser.parse_args()


def attempt(screen, name, doing, act, cleatd=None):
    """Runs one step and says how it went; returns what it returned. doing: shown meanwhile on a terminal."""
    screen.working(name, doing)
    try:
        return act()
    except _FAILURES as error:
        screen.failed(name, str(error))
        if cleatd and cleatd.child:
            screen.detail(testimony(cleatd))
        raise Failed from error


def testimony(cleatd):
    """What cleatd has to say after a failure."""
    try:
        stats = cleatd.api.stats()
        cleatd.run.path("stats.json").write_text(json.dumps(stats, indent=1))
        drops = cleatd.api.drops() or "none"
    except (OSError, http.client.HTTPException) as error:
        drops = f"unknown, its API does not answer ({error})"
    return f"cleatd dropped packets: {drops}\nits last words:\n{cleatd.child.last_lines(5)}"


def build(run, screen, folder):
    if folder and ready(folder):
        return Path(folder).resolve()
    begin = time.monotonic()
    if not sys.stdout.isatty():
        screen.text(" ..   build     cleatd and cleatctl; some minutes of two cores")
    programs = attempt(screen, "build", "cleatd and cleatctl", lambda: build_programs(
        run, folder, lambda line: screen.working("build", line)))
    screen.held("build", f"cleatd and cleatctl, in {time.monotonic() - begin:.0f} s")
    return programs


def show(run, screen, programs, mode):
    """One mode from start to end; returns the stage, which still runs."""
    run.section(mode)
    stage = attempt(screen, "network", "hosts, cables, three nginx", lambda: Stage(run, programs, mode))
    screen.picture(stage.net, mode)
    for step in steps.ALL:
        line, details = attempt(screen, step.__name__, step.__doc__, lambda: step(stage), stage.cleatd)  # noqa: B023
        screen.held(step.__name__, line)
        for detail in details:
            screen.detail(detail)
    return stage


def stay(screen, stage):
    """Until a signal comes."""
    screen.text("\n" + how_to_look_around(stage))
    while True:
        stage.look_after_publishers()
        time.sleep(0.2)


def main():
    wanted = arguments()
    screen = Screen()
    begin = time.monotonic()
    modes = ("nat", "dsr") if wanted.modes else ("nat",)
    staying = False
    try:
        with Run(wanted.logs) as run:
            programs = build(run, screen, wanted.build)
            for mode in modes:
                stage = show(run, screen, programs, mode)
                if wanted.stay and mode == modes[-1]:
                    staying = True
                    stay(screen, stage)
                stage.close()
                screen.text()
    except Interrupted as signal:
        screen.text(f"\n{signal}; everything is removed")
        return 0 if staying else 128 + signal.number
    except Failed:
        return 1
    screen.text(f"Every step held, in {time.monotonic() - begin:.0f} s; everything is removed.\n{_NEXT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
