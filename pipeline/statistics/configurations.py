"""The comparison of two configurations, each trained with several seeds."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from pipeline.statistics.confidence import UPPER


@dataclass(frozen=True)
class Difference:
    """A difference between the mean scores of two configurations.

    Attributes:
        estimate: Second minus first.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        p_value: Two-sided p-value of no difference.
        degrees_of_freedom: Degrees of freedom of the t distribution.
        seed_error: The part of the standard error that more seeds would reduce.
        image_error: The part of the standard error that more test images would reduce.
    """

    estimate: float
    low: float
    high: float
    p_value: float
    degrees_of_freedom: float
    seed_error: float
    image_error: float


def difference_of_means(
    first: NDArray[np.bool_ | np.floating],
    second: NDArray[np.bool_ | np.floating],
    of_one_image: float | None = None,
    paired: bool = False,
) -> Difference:
    """Compare mean scores by an interval that covers other seeds and other test images.

    Each score varies with the seed, and the difference varies with the images. Seeds and images
    are crossed: every model sees every image. The interaction of seed and image is counted once,
    as part of the seeds. In the terms of multi-reader studies, training runs are readers, images
    are cases, and each reader works with one of the two methods.

    The t interval has the degrees of freedom of Welch (1947), Biometrika 34, 28-35, and
    Satterthwaite (1946), Biometrics Bulletin 2, 110-114. The variance components are those of
    Hillis (2007), "A comparison of denominator degrees of freedom methods for multiple observer
    ROC analysis", Statistics in Medicine 26, 596-619, for readers nested within methods. Two or
    three seeds can agree by chance, so the variance of a seed's score is at least that of
    independent mistakes. Likewise the image part is at least (1/k + 1/l)/n² for k and l seeds: for
    single models that is one discordant image on each side, which Bonett and Price (2012), Journal
    of Educational and Behavioral Statistics 37, 479-488, add.

    With unequal numbers of seeds both sides get the degrees of freedom of the smaller number (Hsu
    1938, Statistical Research Memoirs 2, 1-24; Scheffé 1970, JASA 65, 1501-1508). Welch's degrees
    of freedom ignore that most of the error may come from the side with fewer seeds.

    If both sides share each seed, what a seed does to both of them is no part of the difference:
    the variance between seeds is that of the differences seed by seed, with half the degrees of
    freedom, as in a paired t test. Such readers work with both methods; the components are the
    same. Where a shared seed has no common effect the interval is only wider.

    Args:
        first: The score of each model of the first configuration on each image, [seeds, n]: for
            the accuracy whether it is right, for others see `pipeline/statistics/by_image.py`.
        second: The same for the second, [seeds, n]; the number of seeds may differ.
        of_one_image: How much the mean changes with one image; 1/n if it is not given.
        paired: Whether row i of both comes from the same seed, so that the differences count. That
            has to be decided without a look at the scores.

    Raises:
        ValueError: a configuration has fewer than two seeds, there are fewer than two images, or
            the sides are paired and have different numbers of seeds.
    """
    n = first.shape[1]
    fewest = min(len(first), len(second))
    if min(fewest, n) < 2:
        raise ValueError("a spread needs at least two seeds on each side, and two images")
    if paired and len(first) != len(second):
        raise ValueError("pairs need as many seeds on one side as on the other")
    least = 1 / n if of_one_image is None else of_one_image
    varying = [second.astype(float) - first] if paired else [first, second]
    parts = [_seed_variance(scores) for scores in varying]
    seeds = sum(of_mean for of_mean, _ in parts)
    by_image = second.mean(axis=0) - first.mean(axis=0)
    estimate = float(by_image.mean())
    images = max(
        float(by_image.var(ddof=1)) / n - sum(interaction for _, interaction in parts),
        (1 / len(first) + 1 / len(second)) * least**2,
    )
    total = seeds + images
    uncertainty = images**2 / (n - 1) + sum(of_mean**2 for of_mean, _ in parts) / (fewest - 1)
    freedom = float(total**2 / uncertainty)
    error = math.sqrt(total)
    half = float(stdtrit(freedom, UPPER)) * error
    return Difference(
        estimate,
        estimate - half,
        estimate + half,
        float(2 * stdtr(freedom, -abs(estimate) / error)),
        freedom,
        math.sqrt(seeds),
        math.sqrt(images),
    )


def _seed_variance(scores: NDArray[np.bool_ | np.floating]) -> tuple[float, float]:
    """Return the variance of the mean over seeds, and its part that is seed by image."""
    k, n = scores.shape
    by_seed = scores.mean(axis=1)
    residuals = scores - by_seed[:, np.newaxis] - scores.mean(axis=0) + by_seed.mean()
    interaction = float((residuals**2).sum() / ((k - 1) * (n - 1))) / n
    return max(float(by_seed.var(ddof=1)), interaction) / k, interaction / k
