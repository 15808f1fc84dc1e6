"""The comparison of two trained models on the same test set."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtr, ndtri, stdtr, stdtrit

from pipeline.statistics.configurations import Difference

RESAMPLES = 2000
RESAMPLES_AT_ONCE = 100


def mcnemar(fixed: int, broken: int) -> float:
    """Return the two-sided p-value of McNemar's test in its mid-p form.

    If neither model is better, each image on which only one of them is right is a fair coin, and
    the p-value is the chance of a split at least this uneven. The split that was seen counts half,
    because the exact test, which counts it whole, claims less than its level allows: 1.2 to 3.7 %
    of false alarms in place of 5 %, where this form has up to 4.9 %.

    Source: McNemar (1947), Psychometrika 12, 153-157; Fagerland, Lydersen and Laake (2013), "The
    McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
    conditional", BMC Medical Research Methodology 13, 91.

    Args:
        fixed: Images that only the second model classifies correctly.
        broken: Images that only the first model classifies correctly.
    """
    n, fewer = fixed + broken, min(fixed, broken)
    # `bdtr` is the binomial distribution of scipy.stats, whose import would take seconds.
    at_most = float(bdtr(fewer, n, 0.5))
    this = at_most - (float(bdtr(fewer - 1, n, 0.5)) if fewer else 0.0)
    return min(1.0, 2 * at_most - this)


def tango_interval(
    fixed: int, broken: int, n: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the score interval for the difference (fixed - broken) / n of paired proportions.

    Unlike a bootstrap it keeps a sensible width when few or no images are discordant.

    Source: Tango (1998), "Equivalence test and confidence interval for the difference in
    proportions for the paired-sample design", Statistics in Medicine 17, 891-908.
    """
    z = float(ndtri((1 + confidence) / 2))

    def score(difference: float) -> float:
        # The probability of `broken`, estimated under the assumed difference.
        b = (2 * n - fixed + broken) * difference - fixed - broken
        c = -broken * difference * (1 - difference)
        share = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * share + difference * (1 - difference))
        deviation = fixed - broken - n * difference
        if deviation == 0:
            return 0.0
        return deviation / math.sqrt(variance) if variance > 0 else math.copysign(1e9, deviation)

    estimate = (fixed - broken) / n
    low = high = estimate
    if estimate > -1:
        low = float(brentq(lambda d: score(d) - z, -1 + 1e-12, estimate))
    if estimate < 1:
        high = float(brentq(lambda d: score(d) + z, estimate, 1 - 1e-12))
    return low, high


def paired_difference(differences: NDArray[np.float64], confidence: float = 0.95) -> Difference:
    """Compare two models by the mean of their differences on single images (paired t test).

    Args:
        differences: Second minus first, [n]; see `pipeline/statistics/by_image.py`.
        confidence: Confidence level of the interval.
    """
    n = len(differences)
    estimate = float(differences.mean())
    error = float(differences.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    if not error:  # one image, or the same difference on each: nothing is known of others
        return Difference(estimate, min(-1.0, estimate), max(1.0, estimate), 1.0, 0, 0.0, 0.0)
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * error
    p_value = float(2 * stdtr(n - 1, -abs(estimate) / error))
    return Difference(estimate, estimate - half, estimate + half, p_value, n - 1, 0.0, error)


def paired_bootstrap(
    differences: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    n: int,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> NDArray[np.floating]:
    """Compute percentile intervals for differences between two models over resampled images.

    Both models are judged on the same resampled images, so the difficulty of the images cancels.

    Source: Efron and Tibshirani (1993), "An Introduction to the Bootstrap", 13.3.

    Args:
        differences: Takes weights [resamples, n], how often each image is drawn, and returns one
            or several differences for each resample, [resamples, ...].
        n: Number of images.
        confidence: Confidence level of the intervals.
        resamples: Number of resamples; the generator is seeded, so the result is always the same.

    Returns:
        Lower and upper ends, [2, ...].
    """
    generator = np.random.default_rng(0)
    values = []
    for start in range(0, resamples, RESAMPLES_AT_ONCE):
        count = min(RESAMPLES_AT_ONCE, resamples - start)
        drawn = generator.integers(n, size=(count, n), dtype=np.int32)
        offsets = np.arange(count, dtype=np.int32)[:, np.newaxis] * n
        weights = np.bincount((drawn + offsets).ravel(), minlength=count * n).reshape(count, n)
        values.append(differences(weights.astype(np.float32)))
    tail = (1 - confidence) / 2
    return np.quantile(np.concatenate(values), [tail, 1 - tail], axis=0)
