# SPDX-License-Identifier: MIT
"""How long frames take through a subject (forwarding.py) on memif, at parts of what it can do, and how many it takes without a loss."""
import json
from pathlib import Path
from typing import NamedTuple

from .child import Child
from .forwarding import cpus, wires, words_of

SHARES = (0.1, 0.5, 0.9)
PERCENTS = ("50", "90", "99", "99.9", "100")
_STEPS = 8  # of the search for the rate without a loss: to 1/256 of the whole
_BURST = 32
_DEADLINE_S = 60


class Trial(NamedTuple):
    """rate: what was asked for, or at most; frames per second. lost: frames that did not come back, or that could not be sent in time."""
    rate: float
    lost: int
    latency_ns: dict


class Generator:
    """tools/bench_generator.cc on the cpus that the subject's worker leaves, while `with` lasts. The subject runs already."""

    def __init__(self, run, build, traffic, seconds):
        self._run, self._seconds = run, seconds
        self._words = ["taskset", "--cpu-list", ",".join(map(str, cpus()[1])), Path(build) / "tools" / "bench-generator",
                       *words_of([traffic.endless()[0], *wires(run, "client")])]
        self._child = None

    def __enter__(self):
        self._child = Child(self._run, "bench-generator", self._words, talks=True)
        return self

    def __exit__(self, *_):
        self._child.stop()

    def flood(self):
        """As many as go."""
        found = self._ask(0)
        return Trial(found["received"] / found["seconds"], found["offered"] - found["received"], found["latency_ns"])

    def send(self, rate):
        found = self._ask(rate)
        late = found["missed"] if found["missed"] > _BURST else 0
        return Trial(rate, found["offered"] - found["received"] + late, found["latency_ns"])

    def _ask(self, rate):
        return json.loads(self._child.ask(f"{rate} {self._seconds}", _DEADLINE_S + self._seconds))


def latencies(generator):
    """(trial as fast as it goes, [(share, trial)], rate without a loss)"""
    generator.flood()  # opens the flows
    whole = generator.flood()
    parts = [(share, generator.send(share * whole.rate)) for share in SHARES]
    low, high = 0, whole.rate
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if generator.send(middle).lost == 0 else (low, middle)
    return whole, parts, low
