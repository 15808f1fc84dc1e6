"""The interval and the standard error of one proportion."""

import math

from pipeline.statistics.confidence import NORMAL

# Right answers, and as many wrong ones, that `standard_error` adds.
ADDED = 2


def wilson_interval(successes: float, n: float) -> tuple[float, float]:
    """Return the 95 % score interval for a binomial proportion.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical
    inference", JASA 22, 209-212.
    """
    z, p = NORMAL, successes / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def standard_error(accuracy: float, n: int) -> float:
    """Return the standard error of an accuracy measured on n images, never 0.

    Two right and two wrong answers are added before p~ is computed, so it is
    sqrt(p~ (1 - p~) / (n + 4)). The plain sqrt(p (1 - p) / n) is 0 where all answers are right, as
    if nothing could be better or worse, and too small near that.

    Source: Agresti and Coull (1998), "Approximate is better than 'exact' for interval estimation
    of binomial proportions", The American Statistician 52, 119-126.
    """
    total = n + 2 * ADDED
    adjusted = (accuracy * n + ADDED) / total
    return math.sqrt(adjusted * (1 - adjusted) / total)
