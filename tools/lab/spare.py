# SPDX-License-Identifier: MIT
"""How much of the machine's processors is used, by what is left of them (tools/bench-stream).

The kernel's own account takes samples at its tick, and so does not see what sleeps by timers and is awake between two ticks, nor its own
work on packets in whichever program they interrupt: a worker of Cleat's that rests came off 2.5 s/GB cheaper by it than it is. Here one process
for each processor spins at idle priority (SCHED_IDLE, sched(7)); what it does not get, others took: programs, the kernel, interrupts, and going
to sleep and waking up.

Imported, it starts itself; as a program it is what spins.
"""
import hashlib
import mmap
import os
import struct
import sys
import time
from pathlib import Path

from .child import Child
from .wait import wait_for

_BLOCK_BYTES = 16384
_CALIBRATIONS, _CALIBRATION_S = 10, 0.2
_COUNT = struct.Struct("Q")


class Spare:
    """While `with` lasts the machine is full. It begins with a look at how fast it spins when nothing else runs: 2 s that ought to be quiet.

    The more the host of a virtual machine takes for others, the more seems to be used: compare what was measured side by side.
    """

    def __init__(self, run):
        self._run, self._path, self._cpus, self._children = run, run.path("spare"), sorted(os.sched_getaffinity(0)), []

    def __enter__(self):
        self._path.write_bytes(bytes(_COUNT.size * len(self._cpus)))
        with open(self._path, "rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        for place, cpu in enumerate(self._cpus):
            words = [sys.executable, "-B", "-m", "lab.spare", self._path, place, cpu]
            self._children.append(Child(self._run, f"spare{cpu}", words, environment={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}))
        wait_for(lambda: all(self._counts()), "the processors to spin")
        self._per_s = [max(each) for each in zip(*(self._speeds() for _ in range(_CALIBRATIONS)))]
        return self

    def __exit__(self, *_):
        for child in self._children:
            child.stop()

    def used_s(self):
        """Processor seconds that others used, plus a constant: subtract two."""
        return sum(time.monotonic() - count / per_s for count, per_s in zip(self._counts(), self._per_s))

    def _counts(self):
        return [count for count, in _COUNT.iter_unpack(self._memory)]

    def _speeds(self):
        begin, counts = time.monotonic(), self._counts()
        time.sleep(_CALIBRATION_S)
        seconds = time.monotonic() - begin
        return [(now - before) / seconds for before, now in zip(counts, self._counts())]


def main():
    path, place, cpu = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    autogroup = Path("/proc/self/autogroup")  # between sessions only this counts
    if autogroup.exists():
        autogroup.write_text("19")
    with open(path, "r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    count, block = 0, bytes(_BLOCK_BYTES)
    while True:
        hashlib.sha256(block)
        count += 1
        _COUNT.pack_into(memory, place * _COUNT.size, count)


if __name__ == "__main__":
    main()
