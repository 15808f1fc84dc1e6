"""A worker process, seen from the process that started it: started, asked, replaced when it dies.

Only the standard library is used here, and messages are bytes, because this module is also sent
to the workers of a Dask cluster, where nothing else of this project is installed.

A message is its length and its kind in eight bytes, then its content. A worker answers each message
with any number of progress messages and one answer.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

if TYPE_CHECKING:  # not there on the workers of a cluster
    from pipeline.workers.nursery import ForkedProcess

HEADER = 8
ANSWER, PROGRESS = 0, 1  # kinds of messages
# Keras and TensorFlow keep some memory of every model built in a process; measured by
# benchmarks/search_memory.py.
MOST_ASKED = 25
Answer = Literal["answer", "killed", "time"]
# TensorFlow's start on a busy machine; a worker that needs longer is taken for stuck.
START_SECONDS = 300.0


class WorkerDiedError(Exception):
    """The process ended without an answer; the text says how."""


class WorkerTimeoutError(Exception):
    """The process did not answer in time and was killed."""


class WorkerProcess:
    """One process that runs `python -m pipeline.workers.worker` and answers one message a time."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        forked: "ForkedProcess | None" = None,
    ):
        """Start it; it imports TensorFlow meanwhile, and waits to be greeted.

        Args:
            folder: Working directory; its `pipeline/` is the code that runs.
            environment: Variables to set on top of this process's own.
            forked: The process, where it has been forked and not to be started.
        """
        self._process: subprocess.Popen | ForkedProcess = forked or subprocess.Popen(
            [sys.executable, "-m", "pipeline.workers.worker"],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.asked = 0
        self.hello: bytes | None = None
        self.greeting: bytes | None = None

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def greet(self, hello: bytes) -> bytes:
        """Say what the next questions are about, unless it has been told; return its answer.

        Raises:
            WorkerDiedError, WorkerTimeoutError: it did not come up.
        """
        if self.greeting is None or self.hello != hello:
            self.hello, self.greeting = hello, None
            self.greeting = self.ask(hello, START_SECONDS, ignore)
            self.asked -= 1
        return self.greeting

    def ask(
        self, message: bytes, seconds: float | None, progress: Callable[[bytes], None]
    ) -> bytes:
        """Send a message and wait for the answer; after `seconds` kill the process.

        Args:
            message: The question.
            seconds: Time limit; None for none.
            progress: Called with each progress message.

        Raises:
            WorkerDiedError: it died.
            WorkerTimeoutError: it was killed after `seconds`.
        """
        assert self._process.stdin and self._process.stdout
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill) if seconds is not None else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            with contextlib.suppress(OSError, ValueError):  # dead: then there is no answer either
                send(self._process.stdin, message)
            while (found := self._received()) and found[0] == PROGRESS:
                progress(found[1])
        except BaseException:  # of `progress`: the answer is not read any more
            self.close()
            raise
        finally:
            if timer:
                timer.cancel()
        self.asked += 1
        if found:
            return found[1]
        code = self.close()
        if late.is_set():
            raise WorkerTimeoutError(f"no answer within {seconds:g} s")
        raise WorkerDiedError(_describe(code))

    def _received(self) -> tuple[int, bytes] | None:
        """Read a message; None if it died, or `close` has closed its pipes meanwhile."""
        assert self._process.stdout
        try:
            return _read(self._process.stdout)
        except (OSError, ValueError):
            return None

    def close(self) -> int:
        """End the process at once; return its exit status."""
        assert self._process.stdin and self._process.stdout
        # A broken pipe: it is dead already, and what it was to hear does not matter any more.
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            # Its output ends a moment before it does, and how it ended is worth knowing.
            return self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
        finally:
            self._process.stdout.close()
        return self._process.wait()


def renewed(
    process: WorkerProcess | None, most: int, start: Callable[[], WorkerProcess]
) -> WorkerProcess:
    """Return a process that is alive and was asked less than `most` times: this or another one."""
    if process is not None:
        if process.alive and process.asked < most:
            return process
        process.close()
    return start()


def ask_twice(
    start: Callable[[int], WorkerProcess],
    message: bytes,
    seconds: float | None,
    suspect: bool,
    progress: Callable[[bytes], None],
) -> tuple[Answer, bytes]:
    """Ask a worker process; if it dies, ask a fresh one, once.

    A process can be killed because of others, for example when they take all memory. So work
    counts as the cause when two processes have died of it, or one if it is a suspect, of which
    another died before.

    Args:
        start: Returns a process that has been asked less than so many times.
        message: The question.
        seconds: Time limit.
        suspect: Whether to ask once only, and a fresh process.
        progress: Called with each progress message.

    Returns:
        "answer" and the answer; or "killed" or "time" and a reason, encoded.

    Raises:
        WorkerDiedError, WorkerTimeoutError: a process did not even start.
    """
    reason = ""
    for most in (1,) if suspect else (MOST_ASKED, 1):
        process = start(most)
        try:
            return "answer", process.ask(message, seconds, progress)
        except WorkerTimeoutError as error:
            return "time", str(error).encode()
        except WorkerDiedError as error:
            reason = str(error)
    return "killed", reason.encode()


def ignore(message: bytes) -> None:
    """Pass over a progress message."""


def send(stream: IO[bytes], message: bytes, kind: int = ANSWER) -> None:
    """Write one message; questions are of the kind of answers."""
    stream.write((len(message) << 8 | kind).to_bytes(HEADER))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; None at the end of the stream, also in the middle of a message."""
    found = _read(stream)
    return found[1] if found else None


def _read(stream: IO[bytes]) -> tuple[int, bytes] | None:
    """Read the kind and the content of one message; None at the end of the stream."""
    header = stream.read(HEADER)
    if len(header) < HEADER:
        return None
    size, kind = divmod(int.from_bytes(header), 256)
    body = stream.read(size)
    return (kind, body) if len(body) == size else None


def _describe(code: int) -> str:
    if code < 0:
        return f"its process was killed by {signal.Signals(-code).name}"
    return f"its process ended with status {code}"
