# SPDX-License-Identifier: MIT
"""The files of the tree, and results as TAP (Test Anything Protocol, version 12): what the style tests share."""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("lb", "dataplane", "control", "tools", "tests", "docs")
SOURCES = (".cc", ".h")
CODE = (*SOURCES, ".py", ".go", ".html", ".mjs")


def files(root=ROOT):
    """Every file of the house below `root`, as a path relative to it; nothing that a build or Python made."""
    found = [p.relative_to(root) for p in root.iterdir() if p.is_file() and p.name != ".git"]
    for folder in (*FOLDERS, ".ci"):
        for here, inner, names in os.walk(root / folder):
            inner[:] = [d for d in inner if d != "__pycache__"]
            found += [(Path(here) / n).relative_to(root) for n in names if not n.endswith(".pyc")]
    return sorted(found)


def sources(root=ROOT):
    return [f for f in files(root) if f.suffix in SOURCES]


def text(file, root=ROOT):
    """The file's text; "" for what is not text (captures)."""
    try:
        return (root / file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def is_shell(file):
    return file.suffix == ".bash" or text(file).split("\n", 1)[0] in ("#!/usr/bin/env bash", "#!/bin/bash", "#!/bin/sh")


def is_python(file):
    return file.suffix == ".py" or text(file).split("\n", 1)[0] == "#!/usr/bin/env python3"


class Tap:
    """Prints one point per check. Leaving the block prints the plan and ends the program."""

    def __enter__(self):
        self.points = self.failed = 0
        return self

    def check(self, name, problems):
        """problems: one line for each thing that is wrong; none means ok."""
        self.points += 1
        problems = list(problems)
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.points} - {name}")
        for problem in problems:
            print(f"# {problem}", flush=True)

    def skip(self, name, reason):
        self.points += 1
        print(f"ok {self.points} - {name} # SKIP {reason}")

    def __exit__(self, kind, error, trace):
        if kind is None:
            print(f"1..{self.points}")
            sys.exit(1 if self.failed else 0)
