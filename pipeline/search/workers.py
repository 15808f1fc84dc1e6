"""Where trials run: in this process, in processes beside it, or on a Dask cluster.

`CONVOY_WORKERS`, `CONVOY_WORKER_MEMORY` and `CONVOY_SCHEDULER` decide; no result depends on it.
"""

import pickle
import queue
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.base.code_digest import ROOT
from pipeline.base.errors import ConvoyError
from pipeline.config.environment import device_variables
from pipeline.search import worker
from pipeline.search.process import (
    Answer,
    WorkerDiedError,
    WorkerProcess,
    WorkerTimeoutError,
    ask_twice,
)
from pipeline.search.records import Job, Outcome, TrialResult, TrialSpec
from pipeline.training.batches import SplitFolder

# Keras and TensorFlow keep some memory of every model built in a process; measured by
# benchmarks/search_memory.py.
TRIALS_A_PROCESS = 25
# How long a trial may go on past its limit, between two looks or while its model is built.
PATIENCE_SECONDS = 10.0


class WorkerError(ConvoyError):
    """A worker that cannot be used."""


@dataclass(frozen=True)
class Setting:
    """What every worker of a search is told once.

    Attributes:
        architecture: Its name.
        train: Images to train on.
        validation: Images to score on.
        threads: Threads a trial.
        software: What `context.software` says in this process; a worker must say the same.
        memory: Memory limit a worker in bytes; None for none.
        seconds: Time limit a trial; None for none.
    """

    architecture: str
    train: SplitFolder
    validation: SplitFolder
    threads: int
    software: Mapping[str, Any]
    memory: int | None = None
    seconds: float | None = None

    def hello(self, train: Path | str, validation: Path | str) -> bytes:
        """Give the first message to a worker process that finds the data at these paths."""
        content = {
            "architecture": self.architecture,
            "threads": self.threads,
            "train": str(train),
            "validation": str(validation),
            "memory": self.memory,
        }
        return pickle.dumps(content)

    @property
    def patience(self) -> float | None:
        """Seconds after which a trial's process is killed."""
        return None if self.seconds is None else self.seconds + PATIENCE_SECONDS

    def job(self, spec: TrialSpec, state: bytes | None) -> Job:
        """Make the question for one trial."""
        return Job(spec, state, self.seconds)


class Workers(Protocol):
    """A place where trials run; if it is `concurrent`, `run` may be called from several threads."""

    concurrent: bool

    def run(self, spec: TrialSpec, state: bytes | None, suspect: bool) -> Outcome:
        """Run one trial. A suspect has lost its process before, so it gets one of its own."""

    def close(self) -> None:
        """End what was started."""


class InProcess:
    """One trial at a time, in this process or in one beside it.

    Beside it run those that may have to be killed (suspects, and all under a limit), and those
    for which this process has run too many.
    """

    concurrent = False

    def __init__(self, setting: Setting):
        self.setting = setting
        self.runs = 0
        self.beside = LocalProcesses(setting, 1)

    def run(self, spec: TrialSpec, state: bytes | None, suspect: bool) -> Outcome:
        """Run one trial here, unless that would be unwise."""
        limited = self.setting.memory is not None or self.setting.seconds is not None
        if suspect or limited or self.runs >= TRIALS_A_PROCESS:
            return self.beside.run(spec, state, suspect)
        self.runs += 1
        job = self.setting.job(spec, state)
        return worker.run(job, self.setting.train, self.setting.validation)

    def close(self) -> None:
        """End the process beside this one."""
        self.beside.close()


class LocalProcesses:
    """Processes on this machine, each started when first needed and renewed now and then.

    Those that have been started before (`placement.prepare`) are used first.
    """

    concurrent = True

    def __init__(self, setting: Setting, count: int, started: Iterable[WorkerProcess] = ()):
        self.setting = setting
        self.count = count
        self.running = dict(enumerate(started))
        self.closed = False
        self.free: queue.Queue[int] = queue.Queue()
        for number in range(count):
            self.free.put(number)

    def run(self, spec: TrialSpec, state: bytes | None, suspect: bool) -> Outcome:
        """Run one trial on a free process."""
        number = self.free.get()
        start = time.monotonic()
        try:
            kind, answer = ask_twice(
                lambda fresh: self._worker(number, fresh),
                pickle.dumps(self.setting.job(spec, state)),
                self.setting.patience,
                suspect,
            )
        finally:
            self.free.put(number)
        if self.closed and kind != "answer":
            # Ended by `close`: that says nothing about the trial, so it must not be written down.
            raise WorkerError("the search was stopped")
        return outcome(kind, answer, time.monotonic() - start)

    def close(self) -> None:
        """End all processes, and let no trial that is lost by this start another."""
        self.closed = True
        for process in list(self.running.values()):
            process.close()

    def _worker(self, number: int, fresh: bool) -> WorkerProcess:
        process = self.running.get(number)
        limit = 1 if fresh else TRIALS_A_PROCESS
        if process is None or not process.alive or process.asked >= limit:
            if process is not None:
                process.close()
            process = self._start(number)
        return process if process.greeting is not None else self._greeted(process, number)

    def _start(self, number: int) -> WorkerProcess:
        if not self.closed:
            process = WorkerProcess(ROOT, device_variables(number))
            self.running[number] = process  # from here on `close` ends it
        if self.closed:
            self.close()
            raise WorkerError("the search was stopped")
        return process

    def _greeted(self, process: WorkerProcess, number: int) -> WorkerProcess:
        """Greet a process; if it dies over its start, which says nothing of others, one more."""
        setting = self.setting
        hello = setting.hello(setting.train.folder.resolve(), setting.validation.folder.resolve())
        try:
            try:
                greeting = process.greet(hello)
            except WorkerDiedError:
                process = self._start(number)
                greeting = process.greet(hello)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            raise WorkerError(f"a worker process could not be started: {error}") from None
        check_software(setting.software, pickle.loads(greeting), "a worker process")
        return process


def outcome(kind: Answer, answer: bytes, seconds: float) -> Outcome:
    """Read what became of a question to a worker process, asked `seconds` ago."""
    if kind == "answer":
        return pickle.loads(answer)
    result = TrialResult("failed", reason=answer.decode(), cause=kind)
    return Outcome(result, None, seconds)


def check_software(ours: Mapping[str, Any], theirs: Mapping[str, Any], who: str) -> None:
    """Refuse a worker whose results would not be those of this machine.

    Raises:
        WorkerError: code, packages, precision or devices differ; the message says which.
    """
    different = [name for name in ours if ours[name] != theirs.get(name)]
    if different:
        parts = "; ".join(f"{n}: {theirs.get(n)} there, {ours[n]} here" for n in different)
        hint = " The code was edited while the search ran; run again." * ("code" in different)
        raise WorkerError(f"{who} would give other results than this one: {parts}.{hint}")
