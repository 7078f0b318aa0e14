# SPDX-License-Identifier: MIT
"""A golden case's way through cleat-replay."""
import os
import subprocess


class Trouble(Exception):
    """The program under test did not do its work."""


class Replay:
    def __init__(self, program):
        self.program = os.path.abspath(program)

    def __call__(self, case, folder):
        """Writes out*.pcap into the folder and returns the counts."""
        command = [self.program, "--config", f"{folder}/config.yaml", "--verdicts", f"{folder}/verdicts"]
        for port, file in case["send"].items():
            command += ["--in", f"{port}={folder}/{file}", "--out", f"{port}={folder}/{file.replace('send', 'out')}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise Trouble(f"cleat-replay ended with {done.returncode}: {done.stderr.strip()}")
        with open(f"{folder}/verdicts", encoding="utf-8") as file:
            lines = [line.split() for line in file]
        if len(lines) != case["frames"]:
            raise Trouble(f"{len(lines)} verdicts for {case['frames']} frames")
        counts = {"drops": {}, "punted": 0, "consumed": 0}
        for line in lines:
            if line[2] == "drop":
                reason = line[3].removeprefix("reason=")
                counts["drops"][reason] = counts["drops"].get(reason, 0) + 1
            counts["punted"] += line[2] == "punt"
            counts["consumed"] += line[2] == "consumed"
        return counts
