# SPDX-License-Identifier: MIT
"""The record of what a packet costs, instructions.json: its file, and what a new count means beside it."""
import json

TOLERANCE = 0.03  # of the recorded count, both ways
HOW = "see docs/CONTRIBUTING.md, \"How to change what a packet costs\""


def read(path):
    """(compiler, {case: instructions a packet})"""
    record = json.loads(path.read_text())
    return record["compiler"], record["instructions_per_packet"]


def write(path, compiler, counts):
    """counts: {case: instructions a packet}; a line each, so that a diff shows which ones changed."""
    path.write_text(json.dumps({"compiler": compiler, "instructions_per_packet": counts}, indent=2) + "\n")


def beside(count, recorded):
    """The new count beside the recorded one, in words."""
    return f"{count:.1f} instructions a packet, {recorded:.1f} in the record: {count / recorded - 1:+.1%}"


def problems(count, recorded):
    """What is wrong with a case, one line each. recorded: None if the record has no such case."""
    if recorded is None:
        return [f"{count:.1f} instructions a packet, and not in the record: update the record; {HOW}"]
    if count > recorded * (1 + TOLERANCE):
        return [f"{beside(count, recorded)}. Make it cheaper, or update the record and say why; {HOW}"]
    if count < recorded * (1 - TOLERANCE):
        return [f"{beside(count, recorded)}. Well done: update the record, so that it stays so; {HOW}"]
    return []
