"""The search loop: propose, run, tell. Results are told in the order of their proposals.

`in_flight` trials are open at a time. Since the oracle hears of them in order, what it proposes
next does not depend on which of them happened to end first, nor on how many workers there are.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import keras_tuner

from pipeline.search.oracles import OBJECTIVE
from pipeline.search.trial import TrialResult, TrialSpec


@dataclass(frozen=True)
class Record:
    """One row of the trial table. Trials are numbered from 1 in the order of their proposals."""

    number: int
    spec: TrialSpec
    result: TrialResult


class InProcess(Executor):
    """An executor that runs each call at once, in this process."""

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        """Run the call; return a future that is already done."""
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def search(
    oracle: keras_tuner.Oracle,
    specify: Callable[[dict[str, Any], int | None], TrialSpec],
    run: Callable[[TrialSpec], TrialResult],
    executor: Executor,
    in_flight: int,
) -> Iterator[Record]:
    """Run the search that `oracle` directs; yield each trial's record as the oracle hears it.

    Args:
        oracle: A fresh oracle.
        specify: Makes a specification from hyperparameter values and, for Hyperband, epochs.
        run: What a trial is.
        executor: Where trials run.
        in_flight: How many trials are open at a time.
    """
    waiting: deque[tuple[keras_tuner.engine.trial.Trial, TrialSpec, Future]] = deque()
    number = 0
    while True:
        while len(waiting) < in_flight:
            # The oracle takes one open trial from each tuner it knows.
            trial = oracle.create_trial(f"open-{number + len(waiting)}")
            if trial.status != "RUNNING":
                break
            values = trial.hyperparameters.values
            plain = {k: v for k, v in values.items() if not k.startswith("tuner/")}
            spec = specify(plain, values.get("tuner/epochs"))
            waiting.append((trial, spec, executor.submit(run, spec)))
        if not waiting:
            return
        trial, spec, future = waiting.popleft()
        result = future.result()
        _tell(oracle, trial, spec, result)
        number += 1
        yield Record(number, spec, result)


def _tell(
    oracle: keras_tuner.Oracle,
    trial: keras_tuner.engine.trial.Trial,
    spec: TrialSpec,
    result: TrialResult,
) -> None:
    if result.status == "completed":
        oracle.update_trial(trial.trial_id, {OBJECTIVE: result.val_accuracy}, step=spec.epochs)
        trial.status = "COMPLETED"
    else:
        trial.status, trial.message = "FAILED", result.reason
    oracle.end_trial(trial)
