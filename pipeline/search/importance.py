"""How much each hyperparameter mattered in a search, and whether that stands above noise.

Permutation importance, out of bag (Breiman 2001, "Random Forests", section 10): a random forest
predicts a trial's validation accuracy from its values, each tree is asked about the trials that it
was not grown on, and the importance of a hyperparameter is the share of the variance that is lost
when its values are shuffled among these trials. Noise has 0 in the mean, whatever a forest can
learn by heart.

The yardstick is what noise scores: the same is done with scores that are shuffled among the trials,
so that no hyperparameter can matter. A hyperparameter stands above noise if its importance is above
the largest one of all hyperparameters in at least 58 of 59 such shuffles (Altmann et al. 2010,
"Permutation importance: a corrected feature importance measure", Bioinformatics 26, 1340-1347; the
largest of all, so that one search has at most one false alarm in 20: Westfall and Young 1993,
"Resampling-based multiple testing").
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics.words import LEVEL

TREES, LEAST_IN_A_LEAF = 40, 2
SHUFFLES = 59
SEED = 1
# With fewer, a tree has too few trials that it was not grown on.
LEAST_TRIALS = 10
NOTHING_TO_RANK = (
    f"importance: too few trials to say (fewer than {LEAST_TRIALS}), or nothing varies"
)
COLUMNS = ("hyperparameter", "importance", "noise", "p_value")


@dataclass(frozen=True)
class Ranked:
    """One hyperparameter.

    Attributes:
        name: Its name.
        importance: Share of the scores' variance that shuffling its values costs; about 0 for what
            does not matter, and by chance also below 0.
        noise: What the largest importance in pure noise stays below in 95 of 100 cases; the same
            for all hyperparameters of a search.
        p_value: Share of the shuffles, the scores as they are among them, whose largest importance
            is as large.
    """

    name: str
    importance: float
    noise: float
    p_value: float

    @property
    def above_noise(self) -> bool:
        """Whether it can be said to matter."""
        return self.p_value < LEVEL


def importance(
    trials: Sequence[Mapping[str, str]], names: Sequence[str], scores: Sequence[float]
) -> list[Ranked]:
    """Rank hyperparameters by importance.

    Args:
        trials: One row a trial: the text of each value, empty where it is not active. Of trials
            with the same values, as Hyperband has them, only the first counts.
        names: The hyperparameters.
        scores: Validation accuracy of each trial.

    Returns:
        Largest importance first; empty if there are fewer than ten trials or nothing varies.
    """
    kept = _first_of_each(trials, names)
    trials, scores = [trials[n] for n in kept], [scores[n] for n in kept]
    varying = [name for name in names if len({trial[name] for trial in trials}) > 1]
    if len(trials) < LEAST_TRIALS or not varying or len(set(scores)) < 2:
        return []
    table = np.column_stack([encode([trial[name] for trial in trials]) for name in varying])
    values = np.array(scores)
    # From the scores, so that no two searches share their shuffles, and one always has the same.
    draw = np.random.default_rng(zlib.crc32(values.tobytes()))
    found = out_of_bag(table, values)
    shuffled = [out_of_bag(table, draw.permutation(values)).max() for _ in range(SHUFFLES)]
    largest = np.array(shuffled)
    # Above it, a p-value is less than LEVEL: at most 2 of 60, the scores as they are among them.
    allowed = math.ceil(LEVEL * (SHUFFLES + 1)) - 1
    noise = float(np.sort(largest)[-allowed])
    ranked = [
        Ranked(name, float(own), noise, float(1 + (largest >= own).sum()) / (SHUFFLES + 1))
        for name, own in zip(varying, found, strict=True)
    ]
    return sorted(ranked, key=lambda row: -row.importance)


def finding(ranked: Sequence[Ranked]) -> str:
    """Write what can be said of a search's hyperparameters.

    Args:
        ranked: What `importance` returned.
    """
    if not ranked:
        return NOTHING_TO_RANK
    return said([row.name for row in ranked if row.above_noise])


def said(above: Sequence[str]) -> str:
    """Write which hyperparameters stand above noise."""
    if not above:
        return "nothing stands above noise: too few trials to say what mattered"
    return f"{', '.join(above)} {'stands' if len(above) == 1 else 'stand'} above noise"


def out_of_bag(table: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the out-of-bag permutation importance of each column.

    Args:
        table: Encoded values, [trials, hyperparameters].
        scores: [trials], not all equal.
    """
    # Most searches are too short to rank, and their stage need not wait for scikit-learn.
    from sklearn.tree import DecisionTreeRegressor

    inputs = table.astype(np.float32)  # what a tree takes
    count, columns = inputs.shape
    draw = np.random.default_rng(SEED)
    lost = np.zeros(columns)
    for number in range(TREES):
        # Bagging by hand: the checks of a whole forest take longer than its small trees.
        grown_on = draw.integers(0, count, count)
        others = np.setdiff1d(np.arange(count), grown_on)
        tree = DecisionTreeRegressor(min_samples_leaf=LEAST_IN_A_LEAF, random_state=number)
        tree.fit(inputs[grown_on], scores[grown_on], check_input=False)
        # The trials as they are, then once with each column shuffled, in one call.
        asked = np.repeat(inputs[others][None], columns + 1, axis=0)
        for column in range(columns):
            asked[column + 1, :, column] = draw.permutation(asked[0, :, column])
        answers = tree.predict(asked.reshape(-1, columns), check_input=False)
        errors = (answers.reshape(columns + 1, -1) - scores[others]) ** 2
        lost += errors[1:].mean(axis=1) - errors[0].mean()
    return lost / TREES / scores.var()


def _first_of_each(trials: Sequence[Mapping[str, str]], names: Sequence[str]) -> list[int]:
    """Return the places of the trials whose values no earlier trial has."""
    found: dict[tuple[str, ...], int] = {}
    for place, trial in enumerate(trials):
        found.setdefault(tuple(trial[name] for name in names), place)
    return list(found.values())


def encode(values: Sequence[str]) -> NDArray[np.float64]:
    """Turn a column into ranks, in the order of numbers or of the alphabet; -1 if empty."""
    present = set(filter(None, values))
    try:
        order = sorted(present, key=float)
    except ValueError:
        order = sorted(present)
    return np.array([float(order.index(value)) if value else -1.0 for value in values])
