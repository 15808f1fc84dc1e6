"""Intervals for images that come in groups, such as patients or videos.

Other images would be of other groups. Images of one group are alike, so that n of them say less
than n images of as many groups, and intervals that take them for independent are too narrow.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from pipeline.statistics.paired import RESAMPLES
from pipeline.statistics.proportions import wilson_interval

RESAMPLES_AT_ONCE = 100


def by_group(
    scores: NDArray[np.bool_ | np.floating], groups: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return values of groups, [models, k], in the place of values of images.

    Their mean is the mean of the images, and their variance divided by k is that of the mean over
    other groups, also if groups differ in size: each group's value is the mean plus the sum of its
    images' deviations, times k / n. So every formula for independent images holds for them.

    Source: the linearised variance of a ratio, Cochran (1977), "Sampling Techniques", section 6.3;
    in regressions, cluster-robust variances, Liang and Zeger (1986), Biometrika 73, 13-22.

    Args:
        scores: The value of each model and image, [models, n].
        groups: The group of each image, [n].
    """
    names, place = np.unique(groups, return_inverse=True)
    means = scores.mean(axis=1, keepdims=True)
    sums = np.stack([np.bincount(place, row, len(names)) for row in scores - means])
    return means + sums * len(names) / scores.shape[1]


def proportion_interval(
    successes: NDArray[np.bool_], groups: NDArray[np.int64] | None, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a proportion of images: Wilson's, for the effective sample size.

    That is n divided by the design effect, the variance over groups relative to that of independent
    images, and corrected for the degrees of freedom, k - 1 for k groups. It is n at most. Where all
    images succeed, or none, nothing shows how alike the images of a group are; each group is then
    taken for one image.

    Source: Korn and Graubard (1998), "Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data", Survey Methodology 24, 193-201; Dean and
    Pagano (2015), Journal of Survey Statistics and Methodology 3, 484-503, for Wilson's form.

    Args:
        successes: [n], n at least 1.
        groups: The group of each image, [n]; None if the images are independent.
        confidence: Confidence level.
    """
    n, right = len(successes), int(successes.sum())
    if groups is None:
        return wilson_interval(right, n, confidence)
    count = len(np.unique(groups))
    share = right / n
    effective = float(count)
    if 0 < right < n and count > 1:
        values = by_group(successes[np.newaxis], groups)[0]
        variance = float(values.var(ddof=1)) / count
        tail = (1 + confidence) / 2
        correction = (float(ndtri(tail)) / float(stdtrit(count - 1, tail))) ** 2
        # Fewer groups than images never say more than as many images.
        effective = min(n, share * (1 - share) / variance * correction) if variance else n
    return wilson_interval(share * effective, effective, confidence)


def group_bootstrap(
    statistics: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    groups: NDArray[np.int64],
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
) -> NDArray[np.floating]:
    """Compute percentile intervals over resampled groups, each drawn as a whole.

    It is `paired.paired_bootstrap` for images in groups. A resample has as many groups as there
    are, and so not always n images: means must divide by the sum of the weights.

    Source: Davison and Hinkley (1997), "Bootstrap Methods and their Application", section 3.8;
    Field and Welsh (2007), "Bootstrapping clustered data", Journal of the Royal Statistical
    Society B 69, 369-390.

    Args:
        statistics: Takes weights [resamples, n], how often each image is drawn, and returns one or
            several values for each resample, [resamples, ...].
        groups: The group of each image, [n].
        confidence: Confidence level of the intervals.
        resamples: Number of resamples; the generator is seeded, so the result is always the same.

    Returns:
        Lower and upper ends, [2, ...].
    """
    names, place = np.unique(groups, return_inverse=True)
    generator = np.random.default_rng(0)
    even = np.full(len(names), 1 / len(names))
    values = []
    for start in range(0, resamples, RESAMPLES_AT_ONCE):
        drawn = generator.multinomial(
            len(names), even, size=min(RESAMPLES_AT_ONCE, resamples - start)
        )
        values.append(statistics(drawn[:, place].astype(np.float32)))
    tail = (1 - confidence) / 2
    return np.quantile(np.concatenate(values), [tail, 1 - tail], axis=0)
