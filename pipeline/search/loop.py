"""The search loop: propose, run, tell. Results are told in the order of their proposals.

`in_flight` trials are open at a time. Since the oracle hears of them in order, what it proposes
next does not depend on which of them happened to end first, nor on how many workers there are.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import keras_tuner

from pipeline.search.oracles import OBJECTIVE, continuable
from pipeline.search.records import Finished, Record, TrialSpec

# From an oracle's values, its own `tuner/*` entries included, and the records so far.
Specify = Callable[[dict[str, Any], Sequence[Record]], TrialSpec]


def search(
    oracle: keras_tuner.Oracle,
    specify: Specify,
    submit: Callable[[TrialSpec], "Future[Finished]"],
    in_flight: int,
    drop: Callable[[TrialSpec], None] = lambda spec: None,
) -> Iterator[Record]:
    """Run the search that `oracle` directs; yield each trial's record as the oracle hears it.

    Args:
        oracle: A fresh oracle.
        specify: Makes a specification.
        submit: Starts a trial.
        in_flight: How many trials are open at a time.
        drop: Told of each promotable trial that no other will continue any more.
    """
    waiting: deque[tuple[keras_tuner.engine.trial.Trial, TrialSpec, Future[Finished]]] = deque()
    records: list[Record] = []
    promotable: dict[str, TrialSpec] = {}
    while True:
        while len(waiting) < in_flight:
            # The oracle takes one open trial from each tuner it knows.
            trial = oracle.create_trial(f"open-{len(records) + len(waiting)}")
            if trial.status != "RUNNING":
                break
            spec = specify(trial.hyperparameters.values, records)
            waiting.append((trial, spec, submit(spec)))
        if not waiting:
            return
        trial, spec, future = waiting.popleft()
        record = Record(len(records) + 1, spec, future.result())
        _tell(oracle, trial, record)
        if spec.promotable:
            promotable[trial.trial_id] = spec
        continued = {t.hyperparameters.values.get("tuner/trial_id") for t, _, _ in waiting}
        for name in promotable.keys() - continuable(oracle) - continued:
            drop(promotable.pop(name))
        records.append(record)
        yield record


def _tell(
    oracle: keras_tuner.Oracle, trial: keras_tuner.engine.trial.Trial, record: Record
) -> None:
    result = record.result
    if result.status == "failed":
        trial.status, trial.message = "FAILED", result.reason
    else:
        # A trial that was stopped counts with the score it had: the oracle learns that it is low.
        score = {OBJECTIVE: result.val_accuracy}
        oracle.update_trial(trial.trial_id, score, step=record.spec.epochs)
        trial.status = "COMPLETED"
    oracle.end_trial(trial)
