"""The search of one architecture: propose, run, tell.

`Search` is where to begin reading. KerasTuner's oracles propose (`oracles`), an executor runs
(`pipeline.workers.executor`), and results are told in the order of the proposals. `tune.in_flight`
trials are open at a time. Since the oracle hears of them in order, what it proposes next does not
depend on which of them happened to end first, nor on how many workers there are.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from keras_tuner import HyperParameters, Oracle
from keras_tuner.engine.trial import Trial

from pipeline.config.conditions import Conditions
from pipeline.config.params import Tune
from pipeline.search import oracles
from pipeline.search.median_stopping import median_rule
from pipeline.search.records import Record, TrialSpec
from pipeline.training.batches import SplitFolder
from pipeline.training.work import Finished
from pipeline.workers.executor import Executor, OnReport, unheard
from pipeline.workers.pool import Pool


@dataclass(frozen=True)
class _Open:
    """A trial that the oracle has proposed and has not been told the result of."""

    trial: Trial
    spec: TrialSpec
    future: "Future[Finished]"


class Search:
    """A search of one architecture; a context manager that ends what is in flight."""

    def __init__(self, architecture: str, tune: Tune, conditions: Conditions, executor: Executor):
        """Bind a search to an executor; `Search.open` makes the one that stages use.

        Args:
            architecture: Its name.
            tune: How to search.
            conditions: How every model is fitted.
            executor: Runs the trials.
        """
        self.architecture, self.tune, self.conditions = architecture, tune, conditions
        self.executor = executor

    @classmethod
    def open(
        cls,
        architecture: str,
        tune: Tune,
        conditions: Conditions,
        train: SplitFolder,
        validation: SplitFolder,
        pool: Pool,
        on_report: OnReport = unheard,
    ) -> "Search":
        """Open a search that keeps its trials in the store.

        `backend.start` must have been called.

        Args:
            architecture: Its name.
            tune: How to search.
            conditions: How every model is fitted.
            train: Images to train on.
            validation: Images to score on.
            pool: Where trials run (`pipeline.workers.start`).
            on_report: Called when a trial has said how far it is, from any thread.

        Raises:
            ConvoyError: the store cannot be used.
        """
        executor = Executor.open(
            TrialSpec,
            architecture,
            tune.threads,
            tune.trial_seconds,
            train,
            validation,
            pool,
            on_report,
        )
        return cls(architecture, tune, conditions, executor)

    def __enter__(self) -> "Search":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is in flight."""
        self.executor.__exit__(kind, error, trace)

    def submit(self, spec: TrialSpec) -> "Future[Finished]":
        """Start a trial, or find it in the store."""
        return self.executor.submit(spec)

    def run(self, space: HyperParameters) -> Iterator[Record]:
        """Search a space; yield each trial's record when the oracle has heard of it.

        Args:
            space: Every hyperparameter (`pipeline.search.space`).
        """
        oracle = oracles.make(self.tune, space)
        waiting: deque[_Open] = deque()
        records: list[Record] = []
        promotable: dict[str, TrialSpec] = {}
        while True:
            # Propose.
            while len(waiting) < self.tune.in_flight:
                # The oracle takes one open trial from each tuner it knows.
                trial = oracle.create_trial(f"open-{len(records) + len(waiting)}")
                if trial.status != "RUNNING":
                    break
                number = len(records) + len(waiting) + 1
                spec = self.specify(trial.hyperparameters.values, records, number)
                if spec.promotable:
                    promotable[trial.trial_id] = spec
                # Run.
                waiting.append(_Open(trial, spec, self.submit(spec)))
            if not waiting:
                break
            first = waiting.popleft()
            record = Record(first.spec.number, first.spec, first.future.result())
            # Tell.
            _tell(oracle, first.trial, record)
            self._drop_checkpoints(promotable, oracle, waiting)
            records.append(record)
            yield record
        for spec in promotable.values():
            self.executor.drop_payload(spec)

    def specify(
        self, values: Mapping[str, Any], records: Sequence[Record], number: int = 0
    ) -> TrialSpec:
        """Return the trial of these values.

        Args:
            values: What an oracle proposes, its own `tuner/*` entries included.
            records: The trials that the oracle has heard of.
            number: The trial's number.
        """
        tune = self.tune
        plain = {key: value for key, value in values.items() if not key.startswith("tuner/")}
        epochs = values.get("tuner/epochs", tune.epochs)
        halving = tune.algorithm == "hyperband"  # which has its own way to stop the weak
        stops = tune.median_stopping and not halving
        continuable = self.conditions.continuable
        return TrialSpec(
            self.architecture,
            plain,
            epochs,
            tune.seed,
            self.conditions,
            stop_below=median_rule(records, epochs) if stops else (),
            resume_from=values.get("tuner/initial_epoch", 0) if continuable else 0,
            promotable=halving and continuable and epochs < tune.epochs,
            number=number,
        )

    def _drop_checkpoints(
        self, promotable: dict[str, TrialSpec], oracle: Oracle, waiting: Sequence[_Open]
    ) -> None:
        """Drop the checkpoints of trials that have ended and that no other will continue."""
        needed = oracles.continuable(oracle)
        for open_trial in waiting:
            needed.add(open_trial.trial.trial_id)
            needed.add(open_trial.trial.hyperparameters.values.get("tuner/trial_id"))
        for name in promotable.keys() - needed:
            self.executor.drop_payload(promotable.pop(name))


def _tell(oracle: Oracle, trial: Trial, record: Record) -> None:
    result = record.result
    if result.status == "failed":
        trial.status, trial.message = "FAILED", result.reason
    else:
        # A trial that was stopped counts with the score it had: the oracle learns that it is low.
        score = {oracles.OBJECTIVE: result.val_accuracy}
        oracle.update_trial(trial.trial_id, score, step=record.spec.epochs)
        trial.status = "COMPLETED"
    oracle.end_trial(trial)
