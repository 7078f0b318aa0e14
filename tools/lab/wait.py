# SPDX-License-Identifier: MIT
"""Waiting for a condition with a deadline, instead of sleeping and hoping."""
import time


class DeadlineMissed(Exception):
    """The condition did not come true in time; the text says which and what was seen last."""


def wait_for(condition, what, deadline_s=10.0, every_s=0.05):
    """Calls condition() until it is true, and returns what it returned.

    what        completes "waited 10 s for ..."; a function is asked when the deadline is missed
    deadline_s  from now; DeadlineMissed after it
    every_s     between two looks
    """
    deadline = time.monotonic() + deadline_s
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise DeadlineMissed(f"waited {deadline_s:g} s for {what() if callable(what) else what}")
        time.sleep(every_s)
