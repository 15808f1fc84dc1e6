"""Worker processes that are forked from this one, and so need not import TensorFlow again.

A process is safely forked only before TensorFlow has started threads in it. A stage therefore forks
one process at once, the nursery, which computes nothing and forks each worker when it is asked to.
Between the two stands a keeper, which waits for its worker and reports how it ended.

All of them end when the stage does: the nursery and the workers read from it, and the end of what
they read is their end.
"""

import array
import gc
import importlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from pipeline.base.code_digest import ROOT
from pipeline.config import environment
from pipeline.running import imports

WORKER = "pipeline.workers.worker"
FIRST_FREE = 3  # file descriptors: after standard input, output and error


def possible() -> bool:
    """Return whether this process can be forked: it has imported TensorFlow and not used it."""
    return environment.forks() and imports.unused_tensorflow()


class ForkedProcess:
    """A forked worker, with what `subprocess.Popen` has for a started one.

    Attributes:
        pid: Its process number.
        stdin: Writes to its input.
        stdout: Reads its output.
    """

    def __init__(self, nursery: socket.socket):
        """Let the nursery fork it.

        Raises:
            OSError: the nursery has ended.
        """
        source, write = os.pipe()
        read, sink = os.pipe()
        self._status, report = os.pipe()
        try:
            socket.send_fds(nursery, [b"fork"], [source, sink, report])
        finally:
            for end in (source, sink, report):
                os.close(end)
            self.stdin, self.stdout = os.fdopen(write, "wb"), os.fdopen(read, "rb")
        self._code: int | None = None
        self._mutex = threading.Lock()
        self.pid = self._number()

    def __del__(self) -> None:
        os.close(self._status)

    def poll(self) -> int | None:
        """Return its exit status if it has ended, negative for a signal; otherwise None."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; return its exit status.

        Raises:
            subprocess.TimeoutExpired: it has not, so many seconds later.
        """
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        return code

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        with self._mutex:
            # While it has not been reported, no other process can have its number.
            if self._code is None and not select.select([self._status], [], [], 0)[0]:
                os.kill(self.pid, signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        with self._mutex:
            if self._code is None and select.select([self._status], [], [], timeout)[0]:
                try:
                    self._code = self._number()
                except OSError:  # nobody knows: as if whoever killed the keeper killed it, too
                    self._code = -signal.SIGKILL
            return self._code

    def _number(self) -> int:
        """Read one number that its keeper reports.

        Raises:
            OSError: the keeper has ended.
        """
        content = os.read(self._status, array.array("i").itemsize)
        if not content:
            raise OSError("the process that watches over a worker has ended")
        return array.array("i", content)[0]


class Nursery:
    """A process that forks workers, for as long as this one lives or until `close`."""

    def __init__(self) -> None:
        """Fork it. `possible` must be true."""
        self._ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _never_return(_serve, theirs)
        theirs.close()
        self._mutex = threading.Lock()

    def fork(self) -> ForkedProcess:
        """Fork a worker that runs `pipeline.workers.worker` in the folder of this code.

        Raises:
            OSError: the nursery has ended.
        """
        with self._mutex:
            return ForkedProcess(self._ours)

    def close(self) -> None:
        """End it; workers must have been ended before."""
        with self._mutex:
            if self._ours.fileno() != -1:
                self._ours.close()
                with suppress(ChildProcessError):  # somebody else has waited for it
                    os.waitpid(self.pid, 0)


def _serve(asked: socket.socket) -> None:
    """Fork a worker for each message, until there are no more."""
    # Ctrl-C in a terminal reaches this process too; the one that started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What the stage holds, such as the lock on its outputs, ends with the stage itself.
    for entry in list(Path("/proc/self/fd").iterdir()):
        number = int(entry.name)
        if number >= FIRST_FREE and number != asked.fileno():
            with suppress(OSError):  # the one that the list was read by
                os.close(number)
    gc.freeze()
    while True:
        _, ends, _, _ = socket.recv_fds(asked, len(b"fork"), 3)
        if not ends:
            break
        if os.fork() == 0:
            asked.close()
            _never_return(_keep, *ends)
        for end in ends:
            os.close(end)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    # The largest memory of a worker is known of processes that were waited for.
    with suppress(ChildProcessError):
        while os.wait()[0]:
            pass


def _keep(source: int, sink: int, report: int) -> None:
    """Fork one worker, report its number, wait for it, and report its exit status."""
    worker = os.fork()
    if worker == 0:
        os.close(report)
        _never_return(_work, source, sink)
    os.close(source)
    os.close(sink)
    with suppress(BrokenPipeError):
        os.write(report, array.array("i", [worker]))
    code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    with suppress(BrokenPipeError):  # the stage has ended first
        os.write(report, array.array("i", [code]))


def _work(source: int, sink: int) -> None:
    """Be a worker with this input and output."""
    for end, place in ((source, 0), (sink, 1)):
        os.dup2(end, place)
        os.close(end)
    os.chdir(ROOT)
    # By its name, as where it is started: it is no part of the code of the stage.
    importlib.import_module(WORKER).main()


def _never_return(main: Callable[..., None], *arguments: object) -> NoReturn:
    """Run a forked process's own work and end it there: what is above belongs to the first one."""
    code = 1
    try:
        main(*arguments)
        code = 0
    except BaseException:  # noqa: BLE001 # of any kind: it must not go up
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
