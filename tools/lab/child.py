# SPDX-License-Identifier: MIT
"""A process of the run: started in a namespace or outside, logged into the run's folder, ended by its pid."""
import contextlib
import signal
import subprocess
import time

from .wait import DeadlineMissed, wait_for


class Child:
    """Runs until it ends, stop() is called or the run is over; if the run is killed outright it is ended too.

    name       of the log file NAME.log in the run's folder (stdout and stderr, appended)
    words      program and arguments
    space      a Namespace; None: the caller's
    stdout     a path: stdout goes there instead of into the log
    talks      it answers each line of its input by a line: ask(). It ends when the input does
    It has a session of its own, so a Ctrl-C at the terminal reaches the run only, which ends its children in order.
    The thread that starts a child must outlive it (PR_SET_PDEATHSIG follows the thread).
    """

    def __init__(self, run, name, words, space=None, stdout=None, environment=None, talks=False):
        self.name = name
        self.words = [str(word) for word in words]
        self.log_path = run.path(f"{name}.log")
        held = ["setpriv", "--pdeathsig", "TERM", "--", *self.words]
        command = space.command(*held) if space else held
        self._popen = None
        run.at_end(self.stop)
        with open(self.log_path, "ab") as log, contextlib.ExitStack() as files:
            out = files.enter_context(open(stdout, "wb")) if stdout else log
            self._popen = subprocess.Popen(command, stdin=subprocess.PIPE if talks else subprocess.DEVNULL, stdout=out, stderr=log,
                                           start_new_session=True, env=environment)
        run.pids.append(self._popen.pid)
        self.started = time.monotonic()

    @property
    def pid(self):
        return self._popen.pid

    @property
    def returncode(self):
        """None while it runs; negative: ended by that signal."""
        return self._popen.poll()

    def running(self):
        return self._popen is not None and self._popen.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def last_lines(self, count=5):
        return "\n".join(self.log().strip().splitlines()[-count:])

    def ask(self, text="", deadline_s=10.0):
        """The line by which it answers one. Only of a child that talks, and logs nothing else meanwhile."""
        already = self.log_path.stat().st_size
        self._popen.stdin.write(text.encode() + b"\n")
        self._popen.stdin.flush()
        def answer():
            said = self.log()[already:]
            return said.strip() if said.endswith("\n") else None
        return wait_for(answer, lambda: f"{self.name} to answer ({self.last_lines(2)})", deadline_s, every_s=0.001)

    def send(self, number):
        with contextlib.suppress(ProcessLookupError):
            self._popen.send_signal(number)

    def wait(self, deadline_s=10.0):
        """Returns the exit code; DeadlineMissed if it still runs then."""
        try:
            return self._popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise DeadlineMissed(f"waited {deadline_s:g} s for {self.name} to end") from None

    def stop(self, number=signal.SIGTERM, deadline_s=5.0):
        """Ends it by `number`, by SIGKILL after the deadline. Returns the exit code; again is harmless."""
        if self._popen is None:
            return None
        if self._popen.stdin:
            self._popen.stdin.close()
        if self.running():
            self.send(number)
            try:
                self.wait(deadline_s)
            except DeadlineMissed:
                self.kill()
        return self._popen.wait()

    def kill(self):
        self.send(signal.SIGKILL)
        return self._popen.wait()

    def wait_until(self, condition, what, deadline_s=10.0):
        """wait_for(), but gives up at once, with the end of its log, when the process ends."""
        def look():
            seen = condition()
            if not seen and not self.running():
                raise RuntimeError(f"{self.name} ended with {self.returncode} before {what}:\n{self.last_lines()}")
            return seen
        return wait_for(look, lambda: f"{what} ({self.name} says: {self.last_lines(2)})", deadline_s)
