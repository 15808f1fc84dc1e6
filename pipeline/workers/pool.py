"""Where trainings are computed: in this process, in processes beside it, or on a Dask cluster.

`CONVOY_WORKERS`, `CONVOY_WORKER_MEMORY` and `CONVOY_SCHEDULER` decide, in `start`; no result
depends on it. TensorFlow is not imported here: worker processes that are started before it is
imported import it at the same time as this one.
"""

import os
import pickle
import queue
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from pipeline.base.code_digest import ROOT
from pipeline.base.errors import ConvoyError
from pipeline.config import environment
from pipeline.config.environment import device_variables
from pipeline.running.terminal import say
from pipeline.training.work import Job, Outcome, Progress, Result, Work
from pipeline.workers.process import (
    MOST_ASKED,
    Answer,
    WorkerDiedError,
    WorkerProcess,
    WorkerTimeoutError,
    ask_twice,
    renewed,
)

if TYPE_CHECKING:  # it imports Keras, which takes seconds
    from pipeline.training.batches import SplitFolder

# How long a training may go on past its limit, between two looks or while its model is built.
PATIENCE_SECONDS = 10.0


class WorkerError(ConvoyError):
    """A worker that cannot be used."""


@dataclass(frozen=True)
class Setup:
    """What a worker is told once, before its first training.

    Attributes:
        module: The module that trains (`Work.module`).
        architecture: Its name.
        train: Images to train on.
        validation: Images to score on.
        threads: Threads a training.
        software: What `fingerprint.software` says in this process; a worker must say the same.
        memory: Memory limit a worker in bytes; None for none.
        seconds: Time limit a training; None for none.
    """

    module: str
    architecture: str
    train: "SplitFolder"
    validation: "SplitFolder"
    threads: int
    software: Mapping[str, Any]
    memory: int | None
    seconds: float | None

    @property
    def patience(self) -> float | None:
        """Seconds after which the process of a training is killed."""
        return None if self.seconds is None else self.seconds + PATIENCE_SECONDS

    def hello(self, train: Path | str, validation: Path | str) -> bytes:
        """Return the first message to a worker process that finds the data at these paths."""
        content = {
            "module": self.module,
            "architecture": self.architecture,
            "threads": self.threads,
            "train": str(train),
            "validation": str(validation),
            "memory": self.memory,
        }
        return pickle.dumps(content)

    def question(self, work: Work, start: bytes | None) -> bytes:
        """Return the message that asks a worker process for one training."""
        return pickle.dumps(Job(work, start, self.seconds))


class Pool(ABC):
    """Computes trainings; a context manager that ends what it has started.

    Attributes:
        concurrent: Whether `run` may be called from several threads.
        most: How many trainings are asked for at a time.
        memory: Memory limit a worker in bytes; None for none.
    """

    concurrent: bool

    def __init__(self, most: int, memory: int | None):
        self.most, self.memory = most, memory

    def __enter__(self) -> "Pool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what was started."""
        self.close()

    @abstractmethod
    def run(
        self, setup: Setup, work: Work, start: bytes | None, suspect: bool, progress: Progress
    ) -> Outcome:
        """Compute one training.

        Args:
            setup: What its worker is told first.
            work: The training.
            start: Payload of what it continues.
            suspect: Whether a process that tried it before has died; it gets one of its own.
            progress: Called after each epoch, where the worker can report it.
        """

    @abstractmethod
    def close(self) -> None:
        """End what was started. Trainings in flight end with a WorkerError."""


def start(section: Literal["tune", "train"], most: int, threads: int) -> Pool:
    """Start the workers that the environment asks for, all at once.

    Args:
        section: Section of params.yaml that the other arguments are from, for messages.
        most: How many trainings are asked for at a time, so that more workers are of no use.
        threads: Threads a training.

    Raises:
        ConvoyError: a CONVOY_* variable has a value that is not allowed, or the cluster cannot be
            reached.
    """
    wanted, memory = environment.workers(), environment.memory()
    if address := environment.scheduler():
        # Most runs stay on one machine and need not load Dask.
        from pipeline.workers.cluster import Cluster

        return Cluster(address, most, memory)
    count = min(wanted, most)
    if count < wanted:
        limit = f"tune.in_flight={most}" if section == "tune" else f"train.seeds: {most} of them"
        say(
            f"note: {environment.WORKERS}={wanted}, but {limit} lets no more than that many "
            "trainings run at a time"
        )
    cores = os.cpu_count() or 1
    if count > 1 and count * threads > cores and not device_variables(0):
        say(
            f"note: {count} workers times {section}.threads={threads} is more than the "
            f"{cores} cores here; fewer workers would be as fast"
        )
    if count == 1:
        return InProcess(memory)
    pool = LocalProcesses(count, memory)
    pool.start()
    return pool


class InProcess(Pool):
    """One training at a time, in this process or in one beside it.

    Beside it run those that may have to be killed (suspects, and all under a limit), and those
    for which this process has run too many.
    """

    concurrent = False

    def __init__(self, memory: int | None):
        super().__init__(1, memory)
        self.runs = 0
        self.beside = LocalProcesses(1, memory)

    def run(
        self, setup: Setup, work: Work, start: bytes | None, suspect: bool, progress: Progress
    ) -> Outcome:
        """Compute one training here, unless it is safer beside."""
        limited = setup.memory is not None or setup.seconds is not None
        if suspect or limited or self.runs >= MOST_ASKED:
            return self.beside.run(setup, work, start, suspect, progress)
        self.runs += 1
        begun = time.monotonic()
        result, payload = work.run(setup.train, setup.validation, start, None, progress)
        return Outcome(result, payload, time.monotonic() - begun)

    def close(self) -> None:
        """End the process beside this one."""
        self.beside.close()


class LocalProcesses(Pool):
    """Processes on this machine, each started when first needed and renewed now and then."""

    concurrent = True

    def __init__(self, count: int, memory: int | None):
        super().__init__(count, memory)
        self.running: dict[int, WorkerProcess] = {}
        self.closed = False
        self.free: queue.Queue[int] = queue.Queue()
        for number in range(count):
            self.free.put(number)

    def start(self) -> None:
        """Start all processes now, so that they import TensorFlow while this one does."""
        for number in range(self.most):
            self._start(number)

    def run(
        self, setup: Setup, work: Work, start: bytes | None, suspect: bool, progress: Progress
    ) -> Outcome:
        """Compute one training on a free process."""
        number = self.free.get()
        begun = time.monotonic()
        try:
            kind, answer = ask_twice(
                lambda most: self._worker(number, setup, most),
                setup.question(work, start),
                setup.patience,
                suspect,
                lambda message: progress(*pickle.loads(message)),
            )
        finally:
            self.free.put(number)
        if self.closed and kind != "answer":
            # Ended by `close`: that says nothing about the training, so it must not be kept.
            raise WorkerError("stopped before it was done")
        return outcome(kind, answer, time.monotonic() - begun)

    def close(self) -> None:
        """End all processes, and let no training that is lost by this start another."""
        self.closed = True
        for process in list(self.running.values()):
            process.close()

    def _worker(self, number: int, setup: Setup, most: int) -> WorkerProcess:
        """Return process `number`, greeted; if it died while starting, one more."""
        hello = setup.hello(setup.train.folder.resolve(), setup.validation.folder.resolve())
        old = self.running.get(number)
        process = renewed(old, hello, most, lambda: self._start(number))
        if process.greeting is not None:
            return process
        try:
            try:
                greeting = process.greet(hello)
            except WorkerDiedError:  # which says nothing of others
                process = self._start(number)
                greeting = process.greet(hello)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            raise WorkerError(f"a worker process could not be started: {error}") from None
        check_software(setup.software, pickle.loads(greeting), "a worker process")
        return process

    def _start(self, number: int) -> WorkerProcess:
        if not self.closed:
            process = WorkerProcess(ROOT, device_variables(number))
            self.running[number] = process  # from here on `close` ends it
        if self.closed:
            self.close()
            raise WorkerError("stopped before it was done")
        return process


def outcome(kind: Answer, answer: bytes, seconds: float) -> Outcome:
    """Read what became of a question to a worker process, asked `seconds` ago."""
    if kind == "answer":
        return pickle.loads(answer)
    return Outcome(Result("failed", reason=answer.decode(), cause=kind), None, seconds)


def check_software(ours: Mapping[str, Any], theirs: Mapping[str, Any], who: str) -> None:
    """Refuse a worker whose results would not be those of this machine.

    Raises:
        WorkerError: code, packages, precision or devices differ; the message says which.
    """
    different = [name for name in ours if ours[name] != theirs.get(name)]
    if different:
        parts = "; ".join(f"{n}: {theirs.get(n)} there, {ours[n]} here" for n in different)
        hint = " If the code was edited meanwhile, run the same again." * ("code" in different)
        raise WorkerError(
            f"{who} would give other results than this process; different: {parts}.{hint}"
        )
