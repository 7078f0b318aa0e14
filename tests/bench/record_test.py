# SPDX-License-Identifier: MIT
"""What is said about a count beside the record, and what the record's file is like."""
import sys
import tempfile
from pathlib import Path

import record

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "style"))
from house import Tap  # noqa: E402


def wanted(count, recorded, *words):
    """Wrong if what is said lacks one of `words`, or if anything is said and there are none."""
    said = record.problems(count, recorded)
    return [f"said: {said}"] if bool(said) != bool(words) or not all(word in said[0] for word in words) else []


with Tap() as tap, tempfile.TemporaryDirectory() as folder:
    tap.check("the same count is right", wanted(500.0, 500.0))
    tap.check("3 % more is right", wanted(515.0, 500.0))
    tap.check("3 % less is right", wanted(485.0, 500.0))
    tap.check("more than that must be explained", wanted(515.1, 500.0, "+3.0%", "say why"))
    tap.check("less than that must be recorded", wanted(484.9, 500.0, "-3.0%", "update the record"))
    tap.check("a new case must be recorded", wanted(500.0, None, "not in the record", "update the record"))
    path = Path(folder) / "record.json"
    record.write(path, "gcc 1", {"a/b/1": 500.1, "c/d/1": 7.0})
    tap.check("what was written is read", [] if record.read(path) == ("gcc 1", {"a/b/1": 500.1, "c/d/1": 7.0}) else [path.read_text()])
    tap.check("each case is a line", [] if '\n    "a/b/1": 500.1,\n' in path.read_text() else [path.read_text()])
