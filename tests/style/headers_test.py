# SPDX-License-Identifier: MIT
"""Each header compiles alone.  usage: headers_test.py BUILDDIR (for the flags of compile_commands.json)

A header that its own source includes first has compiled alone when that source was built; the others are compiled here.
"""
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import house

DROPPED_WITH_VALUE = {"-o", "-MF", "-MQ", "-MT"}
DROPPED = {"-c", "-MD", "-MMD"}


def flags_by_folder(build):
    """The compiler's command line without its files, for each folder that has been compiled."""
    flags = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = Path(os.path.normpath(build / entry["file"]))
        if not source.is_relative_to(house.ROOT) or source.suffix != ".cc":
            continue
        words, kept = shlex.split(entry["command"]), []
        while words:
            word = words.pop(0)
            if word in DROPPED_WITH_VALUE:
                words.pop(0)
            elif word not in DROPPED and word != entry["file"]:
                kept.append(word)
        folder = source.relative_to(house.ROOT).parent
        if not entry.get("output", "").startswith(f"{folder}/"):
            continue  # borrowed by a test of another folder, without this folder's libraries
        if len(kept) > len(flags.get(folder, [])):
            flags[folder] = kept
    return flags


def built_sources(build):
    return {os.path.normpath(build / e["file"]) for e in json.loads((build / "compile_commands.json").read_text())}


def comes_first_in_its_source(header, built):
    source = header.with_suffix(".cc")
    if str(house.ROOT / source) not in built:
        return False
    first = re.search(r'^#include [<"](.+)[>"]', (house.ROOT / source).read_text(), re.MULTILINE)
    return first is not None and first[1] == str(header)


def compile_alone(header, command, build):
    """An object, from a file, by names that do not vary: ccache, where the build has it, keeps nothing else."""
    source = Path("headers_alone", header.with_suffix(".cc"))
    (build / source).parent.mkdir(parents=True, exist_ok=True)
    (build / source).write_text(f'#include "{header}"\n')
    done = subprocess.run([*command, "-fdiagnostics-color=never", "-c", source, "-o", source.with_suffix(".o")], cwd=build,
                          capture_output=True, text=True)
    return [] if done.returncode == 0 else (done.stderr.splitlines() or ["failed"])[:12]


def main():
    build = Path(sys.argv[1]).resolve()
    flags = flags_by_folder(build)
    built = built_sources(build)
    headers = [f for f in house.sources() if f.suffix == ".h"]
    proved = {h for h in headers if comes_first_in_its_source(h, built)}
    with house.Tap() as tap, ThreadPoolExecutor(os.cpu_count()) as pool:
        results = {h: pool.submit(compile_alone, h, flags[h.parent], build)
                   for h in headers if h.parent in flags and h not in proved}
        tap.check(f"{len(proved)} headers come first in their sources", [] if proved else ["not one does"])
        for header in headers:
            if header in proved:
                continue
            if header in results and any("error: rte_" in line for line in results[header].result()):
                tap.skip(f"{header} compiles alone", "DPDK is not here")
            elif header in results:
                tap.check(f"{header} compiles alone", results[header].result())
            else:
                tap.skip(f"{header} compiles alone", f"{header.parent} is not built here")


main()
