# SPDX-License-Identifier: MIT
"""A peer of tests/peers: a process that tells what happens to it, a JSON object a line, each with its "event"."""
import json

from lab.child import Child


class Teller:
    def __init__(self, run, name, words, space, environment=None):
        self.child = Child(run, name, words, space, environment=environment)

    def events(self, *kinds):
        told = self.child.log().split("\n")[:-1]  # the last may be half a line
        found = [json.loads(line) for line in told if line.startswith("{")]
        return [e for e in found if not kinds or e["event"] in kinds]

    def count(self, kind):
        return len(self.events(kind))

    def wait(self, kind, count=1, deadline_s=10.0):
        """Until it has told so many events of the kind; returns them."""
        def enough():
            events = self.events(kind)
            return events if len(events) >= count else None
        return self.child.wait_until(enough, f"{count} x {kind}", deadline_s)
