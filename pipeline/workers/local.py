"""Pools on this machine: trainings in this process, or in processes beside it."""

import pickle
import threading
import time

from pipeline.base.code_digest import ROOT
from pipeline.config.environment import device_variables
from pipeline.training.work import Outcome, Progress, Work
from pipeline.workers.nursery import ForkedProcess, Nursery, possible
from pipeline.workers.pool import Pool, Setup, WorkerError, check_software, outcome
from pipeline.workers.process import (
    MOST_ASKED,
    WorkerDiedError,
    WorkerProcess,
    WorkerTimeoutError,
    ask_twice,
    renewed,
)


class InProcess(Pool):
    """One training at a time, in this process or in one beside it.

    Beside it run those that may have to be killed (suspects, and all under a limit), and those
    for which this process has run too many.
    """

    concurrent = False

    def __init__(self, memory: int | None):
        super().__init__(1, 1, memory)
        self.runs = 0
        self.beside = LocalProcesses(1, 1, memory)

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

    def __init__(self, count: int, most: int, memory: int | None):
        super().__init__(count, most, memory)
        self.running: dict[int, WorkerProcess] = {}
        self.closed = False
        self.nursery: Nursery | None = None
        self.free = set(range(count))
        self.freed = threading.Condition()

    def start(self) -> None:
        """Start all processes now: forked ones, where this one has TensorFlow for them."""
        if possible():
            self.nursery = Nursery()
        for number in sorted(self.free):
            self._start(number)

    def run(
        self, setup: Setup, work: Work, start: bytes | None, suspect: bool, progress: Progress
    ) -> Outcome:
        """Compute one training on a free process."""
        number = self._take(setup)
        begun = time.monotonic()
        try:
            kind, answer = ask_twice(
                lambda most: self._worker(number, setup, most),
                setup.question(work, start),
                setup.patience,
                suspect,
                lambda message: progress(pickle.loads(message)),
            )
        finally:
            with self.freed:
                self.free.add(number)
                self.freed.notify()
        if self.closed and kind != "answer":
            # Ended by `close`: that says nothing about the training, so it must not be kept.
            raise WorkerError("stopped before it was done")
        return outcome(kind, answer, time.monotonic() - begun)

    def close(self) -> None:
        """End all processes, and let no training that is lost by this start another."""
        self.closed = True
        for process in list(self.running.values()):
            process.close()
        if self.nursery:
            self.nursery.close()

    def _take(self, setup: Setup) -> int:
        """Wait for a free process and take it: one that was told the same, if there is one."""
        hello = _hello(setup)
        with self.freed:
            self.freed.wait_for(lambda: self.free)
            told = {n: self.running[n].hello for n in self.free & self.running.keys()}
            number = min(self.free, key=lambda n: (told.get(n) != hello, told.get(n) is not None))
            self.free.remove(number)
        return number

    def _worker(self, number: int, setup: Setup, most: int) -> WorkerProcess:
        """Return process `number`, greeted; if it died while starting, one more."""
        hello = _hello(setup)
        old = self.running.get(number)
        process = renewed(old, most, lambda: self._start(number))
        if process.greeting is not None and process.hello == hello:
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
            process = WorkerProcess(ROOT, device_variables(number), self._forked())
            self.running[number] = process  # from here on `close` ends it
        if self.closed:
            self.close()
            raise WorkerError("stopped before it was done")
        return process

    def _forked(self) -> ForkedProcess | None:
        """Return a forked process; None where one is to be started anew."""
        if self.nursery is None:
            return None
        try:
            return self.nursery.fork()
        except OSError:  # somebody has killed it
            return None


def _hello(setup: Setup) -> bytes:
    return setup.hello(setup.train.folder.resolve(), setup.validation.folder.resolve())
