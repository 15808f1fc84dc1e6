"""KerasTuner's oracles, made to start from the published recipe and to keep nothing on disk."""

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import keras_tuner
from keras_tuner import HyperParameters
from keras_tuner.oracles import (
    BayesianOptimizationOracle,
    GridSearchOracle,
    HyperbandOracle,
    RandomSearchOracle,
)
from threadpoolctl import threadpool_limits

from pipeline.config.params import Tune

OBJECTIVE = "val_accuracy"
LIMITED = threading.Lock()


class _RecipeFirst:
    """Mixed into an oracle: the first trial is the default of every hyperparameter.

    The oracle's own files are left out. They cannot be resumed from safely; what is worth
    keeping is kept elsewhere.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        proposal = super().populate_space(trial_id)  # type: ignore[misc]
        if not self.start_order and proposal["values"]:  # type: ignore[attr-defined]
            hp = self.get_space()  # type: ignore[attr-defined]
            # Hyperband's own entries, such as the number of epochs, stay as it set them.
            kept = {k: v for k, v in proposal["values"].items() if k.startswith("tuner/")}
            defaults = {entry.name: entry.default for entry in hp.space if hp.is_active(entry)}
            proposal["values"] = {**defaults, **kept}
        return proposal

    def save(self) -> None:
        pass

    def _save_trial(self, trial: keras_tuner.engine.trial.Trial) -> None:
        pass


class _Random(_RecipeFirst, RandomSearchOracle):
    pass


class _Bayesian(_RecipeFirst, BayesianOptimizationOracle):
    def populate_space(self, trial_id: str) -> dict[str, Any]:
        # One thread: how a sum is split changes its last digits, and these matrices are small. One
        # oracle a time, because the limit is the whole process's.
        with LIMITED, threadpool_limits(1):
            proposal = super().populate_space(trial_id)
        values = proposal["values"]
        if values and self._compute_values_hash(values) in self._tried_so_far:
            # It would propose its optimum again and again; a random point teaches more.
            return self._random_populate_space()
        return proposal


class _Hyperband(_RecipeFirst, HyperbandOracle):
    def continuable(self) -> set[str]:
        """Return the trials of the brackets that are not complete."""
        rounds = [each for bracket in self._brackets for each in bracket["rounds"]]
        return {entry["id"] for each in rounds for entry in each}

    def rungs(self) -> Iterator[tuple[int, int]]:
        """Yield the epochs of each trial and of the trial below it that it continues, or 0."""
        while True:
            for bracket in reversed(range(self._get_num_brackets())):
                for rung in range(self._get_num_rounds(bracket)):
                    below = self._get_epochs(bracket, rung - 1) if rung else 0
                    for _ in range(self._get_size(bracket, rung)):
                        yield self._get_epochs(bracket, rung), below


class _Grid(_RecipeFirst, GridSearchOracle):
    pass


def make(tune: Tune, space: HyperParameters) -> keras_tuner.Oracle:
    """Make the oracle that `tune.algorithm` names. It stops after `tune.trials` trials.

    Hyperband counts each rung of a configuration as a trial; it starts another iteration until
    the trials are used up.
    """
    common: dict[str, Any] = {
        "objective": keras_tuner.Objective(OBJECTIVE, "max"),
        "hyperparameters": space,
        # KerasTuner takes seed 0 for "no seed".
        "seed": tune.seed + 1,
        # None: it would otherwise stop the search after three failures in a row.
        "max_consecutive_failed_trials": None,
    }
    match tune.algorithm:
        case "random":
            oracle = _Random(max_trials=tune.trials, **common)
        case "bayesian":
            oracle = _Bayesian(max_trials=tune.trials, **common)
        case "grid":
            oracle = _Grid(max_trials=tune.trials, **common)
        case "hyperband":
            oracle = _Hyperband(max_epochs=tune.epochs, hyperband_iterations=None, **common)
            oracle.max_trials = tune.trials
    oracle.verbose = 0
    return oracle


def continuable(oracle: keras_tuner.Oracle) -> set[str]:
    """Return the trials that the oracle may still have continued on a higher rung."""
    return oracle.continuable() if isinstance(oracle, _Hyperband) else set()


def planned(tune: Tune, space: HyperParameters, continuable: bool) -> list[int]:
    """Return the epochs that each trial of a search is planned to compute, in about their order.

    Args:
        tune: How to search.
        space: Every hyperparameter.
        continuable: Whether a trial goes on where the one on the rung below has ended.
    """
    oracle = make(tune, space)
    if not isinstance(oracle, _Hyperband):
        return [tune.epochs] * tune.trials
    rungs = itertools.islice(oracle.rungs(), tune.trials)
    return [epochs - below * continuable for epochs, below in rungs]
