# SPDX-License-Identifier: MIT
"""Names what a selection of tests needs, for ninja: a build with sanitizers need not make what it never runs.

usage: needed.py BUILDDIR [OPTION of `meson test` that selects]...
"""
import json
import os
import subprocess
import sys
from pathlib import Path


def main(build: Path, selection: list) -> None:
    listed = subprocess.run(["meson", "test", "-C", build, "--list", *selection], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.splitlines()
    chosen = {line.rpartition(" / ")[2] for line in listed}
    info = build / "meson-info"
    tests, targets = (json.loads((info / f"intro-{kind}.json").read_text()) for kind in ("tests", "targets"))
    ids = {i for test in tests if test["name"] in chosen for i in test["depends"]}
    for target in targets:
        if target["id"] in ids:
            print(*(os.path.relpath(name, build) for name in target["filename"]), sep="\n")


main(Path(sys.argv[1]).resolve(), sys.argv[2:])
