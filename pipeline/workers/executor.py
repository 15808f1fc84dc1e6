"""Computing trainings so that none is lost and none is computed twice: pool and store together."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.running.terminal import say
from pipeline.store.entry import Entry
from pipeline.store.store import Store
from pipeline.training import fingerprint
from pipeline.training.batches import SplitFolder, require_alike
from pipeline.training.work import Finished, Outcome, Report, Result, Work
from pipeline.workers.pool import Pool, Setup

# Attempts at one training that took the whole stage down with them, one after the other.
MOST_ATTEMPTS = 25


@dataclass
class InFlight:
    """A training that is being computed at this moment.

    Attributes:
        work: The training.
        epochs: Epochs done, with the share of the one that has begun.
        val_accuracy: Validation accuracy after the latest whole epoch; None before the first.
    """

    work: Work
    epochs: float = 0.0
    val_accuracy: float | None = None


AnyWork = TypeVar("AnyWork", bound=Work)
# Called from any thread when a training has said how far it is.
OnReport = Callable[[InFlight, Report], None]


def unheard(flight: InFlight, report: Report) -> None:
    """Pass over a report."""


class Executor:
    """Computes the trainings of one setup that the store does not hold; a context manager."""

    def __init__(self, pool: Pool, setup: Setup, store: Store, context: str, on_report: OnReport):
        """Bind pool and store.

        Args:
            pool: Computes.
            setup: What its workers are told.
            store: Holds what has been computed.
            context: Stands for data and software in the keys of the store.
            on_report: Called when a training has said how far it is, from any thread.
        """
        self.pool, self.setup, self.store, self.context = pool, setup, store, context
        self.on_report = on_report
        self.limits = {"trial_seconds": setup.seconds, "memory": setup.memory}
        self._threads = ThreadPoolExecutor(pool.most) if pool.concurrent else None

    @classmethod
    def open(
        cls,
        work: type[Work],
        architecture: str,
        threads: int,
        seconds: float | None,
        train: SplitFolder,
        validation: SplitFolder,
        pool: Pool,
        on_report: OnReport,
    ) -> "Executor":
        """Open the store for trainings of one kind and architecture.

        `backend.start` must have been called.

        Args:
            work: The kind.
            architecture: Its name.
            threads: Threads a training.
            seconds: Time limit a training; None for none.
            train: Images to train on.
            validation: Images to score on.
            pool: Computes.
            on_report: Called when a training has said how far it is, from any thread.

        Raises:
            ConvoyError: the store cannot be used, or the images do not belong together.
        """
        require_alike(train, validation)
        software = fingerprint.software(work.module, architecture)
        setup = Setup(
            work.module,
            architecture,
            train,
            validation,
            threads,
            software,
            pool.memory,
            seconds,
        )
        described = {
            "architecture": architecture,
            "data": [train.digest, validation.digest],
            "threads": threads,
            **software,
        }
        context = fingerprint.digest(described)
        store = Store(paths.STORE, say)
        store.describe(context, described)
        return cls(pool, setup, store, context, on_report)

    def __enter__(self) -> "Executor":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is in flight; after an error end it, and the pool with it."""
        if kind is not None:
            self.pool.close()
        if self._threads:
            self._threads.shutdown(cancel_futures=True)

    def submit(self, work: Work) -> "Future[Finished]":
        """Start a training, or find it in the store."""
        if self._threads:
            return self._threads.submit(self._finish, work)
        future: Future[Finished] = Future()
        future.set_result(self._finish(work))
        return future

    def finish_all(self, works: Iterable[AnyWork]) -> Iterator[tuple[AnyWork, Finished]]:
        """Yield each training as it ends."""
        if not self._threads:
            for work in works:
                yield work, self._finish(work)
            return
        waiting = {self.submit(work): work for work in works}
        for future in as_completed(list(waiting)):
            yield waiting.pop(future), future.result()

    def drop_payload(self, work: Work) -> None:
        """Drop the payload of a training that no other will continue."""
        self.store.drop_payload(work.key(self.context))

    def _finish(self, work: Work) -> Finished:
        key = work.key(self.context)
        if (found := self._find(work, key)) is not None:
            return found
        with self.store.claim(key, work.title) as attempts:
            # Another process may have computed it while this one waited.
            return self._find(work, key) or self._compute(work, key, attempts)

    def _find(self, work: Work, key: str) -> Finished | None:
        entry = self.store.find(key, self.limits)
        if entry is None:
            return None
        payload = self.store.payload(key) if work.wants_payload else None
        if work.wants_payload and payload is None:
            return None
        return Finished(entry.result, True, entry.seconds, payload)

    def _compute(self, work: Work, key: str, attempts: int) -> Finished:
        flight = InFlight(work)

        def progress(report: Report) -> None:
            flight.epochs = report.epochs
            if report.row:
                flight.val_accuracy = report.row.val_accuracy
            self.on_report(flight, report)

        if attempts < MOST_ATTEMPTS:
            start = self._start(work)
            outcome = self.pool.run(self.setup, work, start, attempts > 0, progress)
        else:
            reason = f"{attempts} processes died while they ran this training"
            outcome = Outcome(Result("failed", reason=reason, cause="killed"), None, 0.0)
        if outcome.result.cause == "file":
            raise ConvoyError(outcome.result.reason)
        entry = Entry(
            key,
            work.kind,
            work.architecture,
            self.context,
            outcome.result,
            self.limits,
            outcome.seconds,
            time.time(),
        )
        self.store.add(entry, outcome.payload)
        payload = outcome.payload if work.wants_payload else None
        return Finished(outcome.result, False, outcome.seconds, payload)

    def _start(self, work: Work) -> bytes | None:
        """Return the payload that a training continues from; without it, it starts afresh."""
        lower = work.continues()
        return None if lower is None else self.store.payload(lower.key(self.context))
