"""When to answer "unsure": thresholds on the probability of a classifier's answer.

A classifier that answers only if its probability reaches a threshold is right more often. The
lowest threshold that keeps a stated precision is chosen on images that it was not trained on.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

# The stated precision is kept with this confidence.
CONFIDENCE = 0.95


def threshold(
    probability: NDArray[np.float64], correct: NDArray[np.bool_], precision: float
) -> tuple[float, float] | None:
    """Return the lowest threshold that keeps a precision, and the share of images it answers.

    None if these images cannot show that any threshold keeps it.

    The images are taken by falling probability. First come as many as could show the precision if
    all were correct; from there on, answers are added as long as the lower limit of the precision
    (Clopper and Pearson 1934, one-sided) is not below the one stated. The first threshold that
    fails ends it, so that no correction for the many that are tried is needed: fixed sequence
    testing, as in Angelopoulos, Bates, Candès, Jordan and Lei 2021, "Learn then Test".

    Args:
        probability: Of each image's most probable class, [n].
        correct: Whether that class is the actual one, [n].
        precision: From 0 to 1.
    """
    order = np.argsort(-probability, kind="stable")
    falling, right = probability[order], np.cumsum(correct[order])
    counts = np.arange(1, len(falling) + 1)
    # Images of equal probability are answered together.
    together = np.append(falling[1:] < falling[:-1], True)
    least = np.log(1 - CONFIDENCE) / np.log(precision)
    found = None
    for number in np.flatnonzero(together & (counts >= least)):
        lowest = _lower_limit(int(right[number]), int(counts[number]))
        if lowest < precision:
            break
        found = number
    if found is None:
        return None
    return float(falling[found]), float(counts[found] / len(falling))


def _lower_limit(successes: int, n: int) -> float:
    """Return the one-sided lower limit of a proportion (Clopper and Pearson 1934)."""
    return float(betaincinv(successes, n - successes + 1, 1 - CONFIDENCE)) if successes else 0.0
