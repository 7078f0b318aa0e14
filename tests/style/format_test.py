# SPDX-License-Identifier: MIT
"""Every C++ source is as clang-format 14 writes it; `tools/format` mends what is not. Go is as gofmt writes it."""
import shutil
import subprocess

import house

with house.Tap() as tap:
    formatter = shutil.which("clang-format-14") or shutil.which("clang-format")
    version = subprocess.run([formatter, "--version"], capture_output=True, text=True).stdout if formatter else ""
    if " 14." not in version:
        tap.skip("the sources are formatted", "no clang-format 14")
    else:
        done = subprocess.run([house.ROOT / "tools/format", "--check"], capture_output=True, text=True)
        tap.check("the sources are formatted (else: tools/format)", done.stdout.splitlines() + done.stderr.splitlines())
        ugly = subprocess.run([formatter, "--dry-run", "--Werror", "--assume-filename", house.ROOT / "lb/ugly.cc"],
                              input="int  f( ){return 1 ;}\n", capture_output=True, text=True)
        tap.check("an ugly line is found", [] if ugly.returncode else ["clang-format liked it"])
    if not (gofmt := shutil.which("gofmt")):
        tap.skip("Go sources are formatted", "no gofmt")
    else:
        go = [house.ROOT / f for f in house.files() if f.suffix == ".go"]
        done = subprocess.run([gofmt, "-l", *go], capture_output=True, text=True)
        tap.check("Go sources are formatted (else: gofmt -w)", done.stdout.splitlines() + done.stderr.splitlines())
