"""Retraining the leaders of the searches: trials like any other, with seeds of their own."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from keras_tuner import HyperParameters
from keras_tuner.engine import hyperparameters

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_csv, read_json
from pipeline.config.conditions import Conditions
from pipeline.config.params import Confirm, Tune
from pipeline.search import session
from pipeline.search.choice import Candidate
from pipeline.search.confirmation import Confirmed, confirmed, leaders
from pipeline.search.records import Finished, TrialSpec
from pipeline.search.space import search_space
from pipeline.statistics.proportions import standard_error
from pipeline.training.batches import SplitFolder
from pipeline.training.specification import check_code


def retrain(
    architectures: Sequence[str],
    tune: Tune,
    confirm: Confirm,
    conditions: Conditions,
    train: SplitFolder,
    validation: SplitFolder,
    advance: Callable[[], None],
) -> list[Confirmed]:
    """Find the leaders in the trial tables and retrain each of them, best first.

    Args:
        architectures: Names of those that were searched.
        tune: The settings of the search, which are those of the retraining.
        confirm: How many leaders, and how often each is retrained.
        conditions: How every model is fitted.
        train: Images to train on.
        validation: Images to score on.
        advance: Called after each retrained model.

    Raises:
        ConvoyError: a table does not belong to its architecture, or every leader failed.
    """
    found: list[Candidate] = []
    for name in architectures:
        path = paths.TUNE / f"{name}.json"
        check_code(name, read_json(path)["texts"][0]["code_sha256"], path)
        fixed = tune.fixed.get(name, {})
        space = search_space(name, train.shape, len(train.classes), fixed)
        found += read_candidates(paths.TRIALS / f"{name}.csv", name, space, len(validation))
    picked = leaders(found, confirm.top)
    done: dict[int, Confirmed] = {}
    for name in dict.fromkeys(leader.architecture for leader in picked):
        mine = [number for number, leader in enumerate(picked) if leader.architecture == name]
        specify = session.specifier(name, tune, conditions)
        with session.open_runner(name, tune, train, validation) as runner:
            waiting: list[tuple[int, list[Future[Finished]]]] = []
            for number in mine:
                spec = specify(dict(picked[number].hyperparameters), [])
                waiting.append((number, [runner.submit(s) for s in fresh(spec, confirm.seeds)]))
            for number, futures in waiting:
                done[number] = _sum_up(picked[number], futures, len(validation), advance)
    results = [done[number] for number in range(len(picked))]
    if all(result.failures for result in results):
        reasons = "\n".join(f"  {r.name}: {r.failures[0]}" for r in results)
        raise ConvoyError(f"select.confirm: no leader could be retrained.\n{reasons}")
    return results


def fresh(spec: TrialSpec, count: int) -> list[TrialSpec]:
    """Give the same trial `count` times, each with a seed that neither it nor another has."""
    found = [spec]
    for step in itertools.count(1):
        if len(found) > count:
            break
        other = replace(spec, search_seed=spec.search_seed + step)
        if other.seed not in {earlier.seed for earlier in found}:
            found.append(other)
    return found[1:]


def read_candidates(
    path: Path, architecture: str, space: HyperParameters, validation_images: int
) -> list[Candidate]:
    """Read the completed trials of a table that `tables.write_trials` wrote.

    Raises:
        ConvoyError: a value is none that the architecture allows.
    """
    candidates = []
    for row in read_csv(path):
        if row["status"] != "completed":
            continue
        accuracy = float(row["val_accuracy"])
        candidates.append(
            Candidate(
                architecture,
                int(row["trial"]),
                accuracy,
                standard_error(accuracy, validation_images),
                float(row["val_loss"]),
                int(row["parameters"]),
                _values(row, space, path),
            )
        )
    return candidates


def _values(row: Mapping[str, str], space: HyperParameters, path: Path) -> dict[str, Any]:
    """Read the hyperparameters of one row, of the types that the architecture declares."""
    hp = space.copy()
    hp.values = {}
    for entry in hp.space:
        if hp.is_active(entry):
            text = row.get(entry.name, "")
            try:
                hp.values[entry.name] = _value(text, entry)
            except (ValueError, StopIteration):
                raise ConvoyError(
                    f"{path}, trial {row['trial']}: {entry.name} = {text!r} is not a value of its "
                    "architecture. Run `dvc repro` to search again."
                ) from None
    return hp.values


def _value(text: str, entry: hyperparameters.HyperParameter) -> Any:
    match entry:
        case hyperparameters.Int():
            return int(text)
        case hyperparameters.Float():
            return float(text)
    return next(value for value in entry.values if str(value) == text)


def _sum_up(
    leader: Candidate,
    futures: Sequence["Future[Finished]"],
    validation_images: int,
    advance: Callable[[], None],
) -> Confirmed:
    scores, failures = [], []
    for future in futures:
        result = future.result().result
        advance()
        if result.val_accuracy is None or result.val_loss is None:
            failures.append(result.reason)
        else:
            scores.append((result.val_accuracy, result.val_loss))
    return confirmed(leader, scores, failures, validation_images)
