# SPDX-License-Identifier: MIT
"""One run of the lab: its name, its folder, and the promise that nothing is left behind.

Whatever is made registers its removal here before it is made; removal runs backwards at the end of the `with` block,
after success, an exception, SIGINT, SIGTERM or SIGHUP alike. What even a SIGKILL left is removed by the next run.
"""
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from . import leftovers

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asked the run to end. Not an Exception, so that no `except Exception` swallows it."""

    def __init__(self, number):
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number


class Run:
    """prefix: begins every name that this run gives, e.g. cleat-4711-; folder: logs and configs; shm: for sockets
    (its path is short) and state files.

    logs  at the end the folder is copied there, for a look at logs and configs; None: gone
    pids  of every Child so far
    Only the main thread may enter it (signals come there), and a process has one at a time.
    """

    def __init__(self, logs=None):
        name = f"cleat-{os.getpid()}"
        self.prefix = name + "-"
        self.logs = logs
        self.folder = self._root = Path(tempfile.gettempdir()) / name
        self.shm = Path("/dev/shm") / name
        self.pids = []
        self._stack = contextlib.ExitStack()
        self._former = {}

    def __enter__(self):
        leftovers.remove()
        try:
            for number in SIGNALS:
                self._former[number] = signal.signal(number, self._on_signal)
            for folder in (self.folder, self.shm):
                folder.mkdir(mode=0o700)  # first: what another made is not ours to remove
                self.at_end(shutil.rmtree, folder, ignore_errors=True)
                if folder == self.folder:
                    self.at_end(self._keep_logs)
                self._stack.enter_context(leftovers.mark_alive(folder))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, kind=None, error=None, trace=None):
        try:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not stop the removal
        finally:
            self._stack.close()
            for number, former in self._former.items():
                signal.signal(number, former)

    def at_end(self, remove, *args, **kwargs):
        """Calls remove(...) at the end, last registered first. It must succeed when there is nothing to remove."""
        self._stack.callback(self._remove_quietly, remove, *args, **kwargs)

    def section(self, name):
        """Files go into a folder of that name from now on, so that parts of a run do not mix theirs."""
        self.folder = self._root / name
        self.folder.mkdir()

    def path(self, name):
        return self.folder / name

    def _keep_logs(self):
        if self.logs:
            shutil.copytree(self._root, self.logs, dirs_exist_ok=True)

    @staticmethod
    def _remove_quietly(remove, *args, **kwargs):
        try:  # one removal that fails must not keep the others from running
            remove(*args, **kwargs)
        except Exception as error:
            print(f"lab: not removed: {error}", file=sys.stderr)

    @staticmethod
    def _on_signal(number, _frame):
        for other in SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(number)
