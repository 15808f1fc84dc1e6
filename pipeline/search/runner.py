"""Running trials so that none is lost and none runs twice: ledger, states, workers together."""

import io
import time
import zipfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from pipeline.base.files import replacing
from pipeline.search.ledger import Entry, Ledger
from pipeline.search.records import Finished, Outcome, TrialResult, TrialSpec
from pipeline.search.workers import Setting, Workers

# Attempts at one trial that took the whole search down with them, one after the other.
MOST_ATTEMPTS = 25


class Runner:
    """Runs trials on workers; a context manager that ends them.

    Attributes:
        running: How many trials are being computed at this moment.
    """

    def __init__(
        self, workers: Workers, setting: Setting, ledger: Ledger, context: str, in_flight: int
    ):
        """Bind the parts of one search.

        Args:
            workers: Where trials run.
            setting: What the workers were told.
            ledger: What has been run.
            context: Digest of `context.describe`.
            in_flight: How many trials are open at a time.
        """
        self.workers, self.ledger, self.context = workers, ledger, context
        self.limits = {"trial_seconds": setting.seconds, "memory": setting.memory}
        self.states = ledger.folder / "states"
        self.running = 0
        self._used_states: set[Path] = set()
        self._threads = ThreadPoolExecutor(in_flight) if workers.concurrent else None

    def __enter__(self) -> "Runner":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers; after a whole search also drop the states that it has kept."""
        self.workers.close()
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
        if kind is None:
            for path in self._used_states:
                path.unlink(missing_ok=True)

    def submit(self, spec: TrialSpec) -> "Future[Finished]":
        """Start a trial, or find it in the ledger."""
        if self._threads:
            return self._threads.submit(self._finish, spec)
        future: Future[Finished] = Future()
        future.set_result(self._finish(spec))
        return future

    def drop(self, spec: TrialSpec) -> None:
        """Forget the state of a trial that no other will continue."""
        self._state_file(spec.key(self.context)).unlink(missing_ok=True)

    def _finish(self, spec: TrialSpec) -> Finished:
        key = spec.key(self.context)
        if spec.promotable:
            self._used_states.add(self._state_file(key))
        if (found := self._find(key)) is not None:
            return found
        with self.ledger.claim(key) as attempts:
            # Another search may have run it while this one waited.
            return self._find(key) or self._compute(spec, key, attempts)

    def _find(self, key: str) -> Finished | None:
        entry = self.ledger.find(key, self.limits)
        return None if entry is None else Finished(entry.result, True, entry.seconds)

    def _compute(self, spec: TrialSpec, key: str, attempts: int) -> Finished:
        self.running += 1
        try:
            if attempts < MOST_ATTEMPTS:
                outcome = self.workers.run(spec, self._lower_state(spec), attempts > 0)
            else:
                reason = f"{attempts} processes died while they ran this trial"
                outcome = Outcome(TrialResult("failed", reason=reason, cause="killed"), None, 0.0)
        finally:
            self.running -= 1
        if outcome.state is not None:
            with replacing(self._state_file(key)) as scratch:
                scratch.write_bytes(outcome.state)
        self.ledger.add(
            Entry(
                key,
                spec.architecture,
                self.context,
                outcome.result,
                self.limits,
                outcome.seconds,
                time.time(),
            )
        )
        return Finished(outcome.result, False, outcome.seconds)

    def _lower_state(self, spec: TrialSpec) -> bytes | None:
        if not spec.resume_from:
            return None
        # Without a state, or with one that a power cut has torn, it trains from the first epoch,
        # to the same result. Another search of the same trials may drop it at any moment.
        try:
            state = self._state_file(spec.rung_below().key(self.context)).read_bytes()
        except FileNotFoundError:
            return None
        return state if zipfile.is_zipfile(io.BytesIO(state)) else None

    def _state_file(self, key: str) -> Path:
        return self.states / f"{key}.npz"
