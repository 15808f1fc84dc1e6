"""Intervals for images that come in groups, such as patients or videos.

Other images would be of other groups. Images of one group are alike, so that n of them say less
than n images of as many groups, and intervals that take them for independent are too narrow.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from pipeline.statistics.confidence import NORMAL, UPPER
from pipeline.statistics.paired import mcnemar, paired_difference
from pipeline.statistics.proportions import wilson_interval


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
    successes: NDArray[np.bool_], groups: NDArray[np.int64] | None
) -> tuple[float, float]:
    """Return the 95 % interval of a proportion of images: Wilson's, for the effective sample size.

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
    """
    n, right = len(successes), int(successes.sum())
    if groups is None:
        return wilson_interval(right, n)
    count = len(np.unique(groups))
    share = right / n
    effective = float(count)
    if 0 < right < n and count > 1:
        values = by_group(successes[np.newaxis], groups)[0]
        variance = float(values.var(ddof=1)) / count
        correction = (NORMAL / float(stdtrit(count - 1, UPPER))) ** 2
        # Fewer groups than images never say more than as many images.
        effective = min(n, share * (1 - share) / variance * correction) if variance else n
    return wilson_interval(share * effective, effective)


def p_value(
    first: NDArray[np.bool_], second: NDArray[np.bool_], groups: NDArray[np.int64] | None
) -> float:
    """Return the two-sided p-value of no difference between two classifiers.

    It is McNemar's test, which takes images for independent; in groups a t test of the groups.

    Args:
        first: Whether the first classifier gets each image right, [n].
        second: The same for the second.
        groups: The group of each image, [n]; None if the images are independent.
    """
    if groups is None:
        return mcnemar(int((second & ~first).sum()), int((first & ~second).sum()))
    differences = second.astype(float) - first
    return paired_difference(by_group(differences[np.newaxis], groups)[0]).p_value
