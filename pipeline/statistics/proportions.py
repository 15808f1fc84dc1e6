"""The interval and the standard error of one proportion."""

import math

from scipy.special import ndtri


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval for a binomial proportion.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical
    inference", JASA 22, 209-212.
    """
    z = float(ndtri((1 + confidence) / 2))
    p = successes / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def standard_error(accuracy: float, n: int) -> float:
    """Return the standard error of an accuracy p measured on n images: sqrt(p (1 - p) / n)."""
    return math.sqrt(accuracy * (1 - accuracy) / n)
