"""A worker process of ours, seen from outside: started, asked, and missed when it dies.

Only the standard library is used here, and messages are bytes, because this module is also sent
to the workers of a Dask cluster, where nothing else of this project is installed.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Literal

LENGTH = 8
Answer = Literal["answer", "killed", "time"]
# TensorFlow's start on a busy machine; a worker that needs longer is taken for stuck.
START_SECONDS = 300.0


class WorkerDiedError(Exception):
    """The process ended without an answer; the text says how."""


class WorkerTimeoutError(Exception):
    """The process did not answer in time and was killed."""


class WorkerProcess:
    """One process that runs `python -m pipeline.search.worker` and answers one message a time."""

    def __init__(self, folder: Path, environment: Mapping[str, str]):
        """Start it; it imports TensorFlow meanwhile, and waits to be greeted.

        Args:
            folder: Working directory; its `pipeline/` is the code that runs.
            environment: Variables to set on top of this process's own.
        """
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.search.worker"],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.asked = 0
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
        """Send the first message, unless it has been; the answer is kept as `greeting`.

        Raises:
            WorkerDiedError, WorkerTimeoutError: it did not come up.
        """
        if self.greeting is None:
            self.greeting = self.ask(hello, START_SECONDS)
            self.asked = 0
        return self.greeting

    def ask(self, message: bytes, seconds: float | None = None) -> bytes:
        """Send a message and wait for the answer; after `seconds` kill the process.

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
            send(self._process.stdin, message)
            answer = receive(self._process.stdout)
        except (OSError, ValueError):
            answer = None  # it died, or `close` has closed its pipes meanwhile
        finally:
            if timer:
                timer.cancel()
        self.asked += 1
        if answer is not None:
            return answer
        code = self.close()
        if late.is_set():
            raise WorkerTimeoutError(f"no answer within {seconds:g} s")
        raise WorkerDiedError(_describe(code))

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


def ask_twice(
    start: Callable[[bool], WorkerProcess], message: bytes, seconds: float | None, suspect: bool
) -> tuple[Answer, bytes]:
    """Ask a worker process; if it dies, ask a fresh one, once.

    A process can be killed for what others did: who loses two has done it himself, and so has a
    suspect, who lost one before.

    Args:
        start: Gives a process; with True, one that has not been asked before.
        message: The question.
        seconds: Time limit.
        suspect: Whether to ask once only, and a fresh process.

    Returns:
        "answer" and the answer; or "killed" or "time" and a reason, encoded.

    Raises:
        WorkerDiedError, WorkerTimeoutError: a process did not even start.
    """
    reason = ""
    for fresh in (True,) if suspect else (False, True):
        process = start(fresh)
        try:
            return "answer", process.ask(message, seconds)
        except WorkerTimeoutError as error:
            return "time", str(error).encode()
        except WorkerDiedError as error:
            reason = str(error)
    return "killed", reason.encode()


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message: its length, then itself."""
    stream.write(len(message).to_bytes(LENGTH))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; None at the end of the stream, also in the middle of a message."""
    head = stream.read(LENGTH)
    if len(head) < LENGTH:
        return None
    size = int.from_bytes(head)
    body = stream.read(size)
    return body if len(body) == size else None


def _describe(code: int) -> str:
    if code < 0:
        return f"its process was killed by {signal.Signals(-code).name}"
    return f"its process ended with status {code}"
