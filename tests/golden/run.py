#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the golden cases: captures in, captures out, compared byte by byte with what scapy says must come out.

usage: run.py [--replay CLEAT-REPLAY] [--cleatd CLEATD] [--keep] [CASE...]

  --replay PATH  through cleat-replay: no DPDK, time taken from the capture
  --cleatd PATH  through the real daemon as an ordinary user, on DPDK's net_pcap
  --keep         leave each case's folder and say where it is
Prints TAP, one point per case and way. Standard library only; writer.py, which made the captures, needs scapy.
"""
import argparse
import collections
import json
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import daemon  # noqa: E402
import pcap_file  # noqa: E402
import replay  # noqa: E402

CASES = os.path.join(HERE, "cases")
PLACE = "/tmp/cleat-golden"  # what the cases' config.yaml call the folder that a run has for itself


class Failure(Exception):
    """Why a case failed, in one or more lines."""


def names():
    return sorted(n for n in os.listdir(CASES) if os.path.exists(os.path.join(CASES, n, "expect.json")))


def load(name):
    with open(os.path.join(CASES, name, "expect.json"), encoding="utf-8") as file:
        case = json.load(file)
    case["name"] = name
    for key, kind in (("frames", "send"), ("expected", "expect")):
        case[key] = sum(len(pcap_file.read_frames(os.path.join(CASES, name, file))) for file in case[kind].values())
    return case


def prepare(case, folder):
    """Puts the case's captures and its configuration, with paths of this run, into a folder."""
    source = os.path.join(CASES, case["name"])
    for file in case["send"].values():
        shutil.copy(os.path.join(source, file), folder)
    with open(os.path.join(source, "config.yaml"), encoding="utf-8") as config:
        text = config.read()
    with open(os.path.join(folder, "config.yaml"), "w", encoding="utf-8") as config:
        config.write(text.replace(PLACE, folder))


def without_repeats(frames, expected):
    """Without announcements beyond those expected: Cleat says each again two seconds after its start."""
    left = collections.Counter(expected)
    kept = []
    for frame in frames:
        if pcap_file.kind_of(frame) == "announcement" and frame in expected:
            if left[frame] == 0:
                continue
            left[frame] -= 1
        kept.append(frame)
    return kept


def differences(case, folder):
    """Of all ports: the first difference of each, as (port, Difference)."""
    found = []
    for port, file in case["expect"].items():
        expected = pcap_file.read_frames(os.path.join(CASES, case["name"], file))
        got = pcap_file.read_frames(os.path.join(folder, case["send"][port].replace("send", "out")))
        difference = pcap_file.compare_captures(without_repeats(got, expected), expected)
        if difference:
            found.append((port, difference))
    return found


def check_frames(case, folder):
    found = differences(case, folder)
    wanted = case.get("falsified")
    if wanted is None:
        if found:
            raise Failure("\n".join(f"port {port}: {difference.text}" for port, difference in found))
        return
    seen = [{"port": port, "packet": d.packet, **({} if d.byte is None else {"byte": d.byte})} for port, d in found]
    if len(seen) != 1 or any(seen[0].get(key) != value for key, value in wanted.items()):
        raise Failure(f"the expectation is falsified at {wanted}, but the comparison found {seen or 'nothing'}")


def check_counts(case, counts):
    """counts: {"drops": {reason: packets}, "punted": n, "consumed": n}, as the run counted them."""
    wanted = {"punted": 0, "consumed": 0, **case["counts"]}
    for key, value in wanted.items():
        if counts[key] != value:
            raise Failure(f"{key}: {counts[key]}, {value} expected")


def run(case, way, folder):
    prepare(case, folder)
    counts = way(case, folder)
    check_frames(case, folder)
    check_counts(case, counts)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--replay")
    parser.add_argument("--cleatd")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("cases", nargs="*")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cleat-golden-") as place:
        os.chmod(place, 0o755)
        ways = {}
        if given.replay:
            ways["replay"] = replay.Replay(given.replay)
        if given.cleatd:
            ways["cleatd"] = daemon.Daemon(given.cleatd, place)
        points = [(case, way) for case in map(load, given.cases or names()) for way in ways if way in case["ways"]]
        print(f"1..{len(points)}", flush=True)
        failed = 0
        for number, (case, way) in enumerate(points, 1):
            folder = os.path.join(place, f"{number}")
            os.mkdir(folder)
            problem = ""
            try:
                run(case, ways[way], folder)
            except (Failure, OSError, ValueError, replay.Trouble) as why:
                problem = str(why)
            print(f"{'not ok' if problem else 'ok'} {number} - {case['name']} through {way}", flush=True)
            for line in [case["title"], *problem.split("\n")] if problem else []:
                print(f"# {line}", flush=True)
            failed += bool(problem)
            if given.keep:
                print(f"# {shutil.copytree(folder, tempfile.mkdtemp(prefix='cleat-case-'), dirs_exist_ok=True)}")
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
