"""How much each hyperparameter mattered in a search.

Permutation importance (Breiman 2001, "Random Forests", section 10) of a random forest that
predicts a trial's validation accuracy from its values: how much of the explained variance is lost
when one hyperparameter's values are shuffled among the trials.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

TREES = 100
REPEATS = 10
SEED = 1
# With fewer, shuffled noise looks as important as what matters.
LEAST_TRIALS = 10


def importance(
    trials: Sequence[Mapping[str, str]], names: Sequence[str], scores: Sequence[float]
) -> list[tuple[str, float, float]]:
    """Rank hyperparameters by importance.

    Args:
        trials: One row a trial: the text of each value, empty where it is not active.
        names: The hyperparameters.
        scores: Validation accuracy of each trial.

    Returns:
        Name, mean and standard deviation over the shuffles, largest mean first; empty if there
        are fewer than ten trials or nothing varies.
    """
    varying = [name for name in names if len({trial[name] for trial in trials}) > 1]
    if len(trials) < LEAST_TRIALS or not varying or len(set(scores)) < 2:
        return []
    # Most searches are shorter, and their stage need not wait for scikit-learn.
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    table = np.column_stack([encode([trial[name] for trial in trials]) for name in varying])
    forest = RandomForestRegressor(TREES, random_state=SEED, n_jobs=1).fit(table, scores)
    lost = permutation_importance(
        forest, table, scores, n_repeats=REPEATS, random_state=SEED, n_jobs=1
    )
    rows = zip(varying, lost.importances_mean, lost.importances_std, strict=True)
    return sorted(((n, float(m), float(s)) for n, m, s in rows), key=lambda row: -row[1])


def encode(values: Sequence[str]) -> NDArray[np.float64]:
    """Turn a column into ranks, in the order of numbers or of the alphabet; -1 if empty."""
    present = set(filter(None, values))
    try:
        order = sorted(present, key=float)
    except ValueError:
        order = sorted(present)
    return np.array([float(order.index(value)) if value else -1.0 for value in values])
