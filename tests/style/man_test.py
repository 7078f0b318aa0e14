# SPDX-License-Identifier: MIT
"""Manual pages say what the programs' own help says. Takes the build's folder; a program that is not there is skipped."""
import re
import subprocess
import sys
from pathlib import Path

import house

PAGES = {"cleatd": "cleatd.8", "cleatctl": "cleatctl.8", "cleat-replay": "cleat-replay.1", "cleat-bench": "cleat-bench.1"}
FOLDER = Path("docs/man")


def plain(page):
    """The page's text without the marks of roff."""
    return re.sub(r"\\f[BIR]|\\f\(..|\"", "", house.text(FOLDER / page).replace(r"\-", "-"))


def unknown_options(page, helped):
    text = plain(page)
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z_-]*[a-z]", helped))
    return ([f"{page}: {o} is missing" for o in sorted(options) if not re.search(rf"{re.escape(o)}(?![\w-])", text)]
            or ([] if options else ["the help names no option"]))


def unknown_commands(page, helped):
    text = re.sub(r"\s+", " ", plain(page))
    table = helped.split("what it does\n", 1)[1].split("\n\n", 1)[0]
    commands = [" ".join(line.split()[:2]) for line in table.splitlines()]
    return [f"{page}: {c} is missing" for c in commands if c not in text] or ([] if commands else ["no commands"])


build = Path(sys.argv[1])
with house.Tap() as tap:
    for program, page in PAGES.items():
        path = build / "tools" / program
        name = f"{page} has every option of {program} --help"
        if not path.exists():
            tap.skip(name, f"{program} is not built")
            continue
        helped = subprocess.run([path, "--help"], capture_output=True, text=True, check=True, timeout=30).stdout
        tap.check(name, unknown_options(page, helped))
        if program == "cleatctl":
            tap.check(f"{page} has every command", unknown_commands(page, helped))
    installed = house.text("docs/meson.build")
    pages = [f.name for f in house.files() if f.parent == FOLDER]
    tap.check("every page is installed", [p for p in pages if f"'man/{p}'" not in installed])
    tap.check("every program has a page", [p for p in PAGES.values() if p not in pages])
