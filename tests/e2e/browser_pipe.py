# SPDX-License-Identifier: MIT
"""Chromium's DevTools protocol over two FIFOs (--remote-debugging-pipe): JSON texts, each ended by a NUL. No port, no
driver, and no way into the browser's namespace is needed; a browser whose test has died reads the end and ends itself.
"""
import json
import os
import select
import time

from lab.child import Child
from lab.wait import DeadlineMissed

# The browser has the questions at 3 and the answers at 4.
_OPEN = 'questions=$1; answers=$2; shift 2; exec "$@" 3<"$questions" 4>"$answers"'


class PageError(RuntimeError):
    """The page has thrown; the text is its error's."""


class BrowserPipe:
    """Starts the browser. words: program and flags; home: a folder, after which its log is named. It is the Child
    `child`, by the browser's own pid.
    """

    def __init__(self, run, home, words, space, environment):
        paths = [home / end for end in ("questions", "answers")]
        self._number, self._rest = 0, b""
        self._ends = []
        run.at_end(self.close)
        for path in paths:
            os.mkfifo(path, 0o600)
            self._ends.append(os.open(path, os.O_RDWR | os.O_CLOEXEC))  # both ways, or opening would wait for the other
        words = ["sh", "-c", _OPEN, "sh", *paths, *words, "--remote-debugging-pipe"]
        self.child = Child(run, home.name, words, space, environment=environment)

    def close(self):
        while self._ends:
            os.close(self._ends.pop())

    def ask(self, method, deadline_s, session=None, **parameters):
        """One command of the protocol; returns its result."""
        self._number += 1
        question = {"id": self._number, "method": method, "params": parameters}
        if session:
            question["sessionId"] = session
        os.write(self._ends[0], json.dumps(question).encode() + b"\0")
        deadline = time.monotonic() + deadline_s
        while True:
            answer = self._read(deadline, method)
            if answer.get("id") == self._number:
                break
        if "error" in answer:
            raise RuntimeError(f"{self.child.name}: {method}: {answer['error']['message']}")
        return answer["result"]

    def open_page(self, url, deadline_s):
        """Returns the session of a new page."""
        target = self.ask("Target.createTarget", deadline_s, url=url)["targetId"]
        return self.ask("Target.attachToTarget", deadline_s, targetId=target, flatten=True)["sessionId"]

    def evaluate(self, session, expression, deadline_s):
        """What the expression, or its promise, is."""
        told = self.ask("Runtime.evaluate", deadline_s, session, expression=expression, awaitPromise=True,
                        returnByValue=True)
        if wrong := told.get("exceptionDetails"):
            raise PageError(wrong.get("exception", {}).get("description") or wrong["text"])
        return told["result"].get("value")

    def _read(self, deadline, method):
        """The next text; it may be an answer given too late, or an event."""
        while b"\0" not in self._rest:
            if select.select([self._ends[1]], [], [], 0.1)[0]:
                self._rest += os.read(self._ends[1], 1 << 16)
            elif not self.child.running():
                raise RuntimeError(f"{self.child.name} ended with {self.child.returncode} before {method}:\n"
                                   f"{self.child.last_lines()}")
            elif time.monotonic() > deadline:
                raise DeadlineMissed(f"{self.child.name} did not answer {method} in time: {self.child.last_lines(2)}")
        one, _, self._rest = self._rest.partition(b"\0")
        return json.loads(one)
