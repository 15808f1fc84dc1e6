"""A comparison that learns from earlier runs how much seeds differ, for `paired_seeds`.

It is here to be measured: it alarms too often where seeds differ more than they used to
(docs/statistics.md), so the verdict does without.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution

from pipeline.statistics.configurations import difference_of_means

# Earlier runs count as so many degrees of freedom. A spread beyond this quantile of what they let
# expect is taken as it is.
PRIOR, GUARD = 8.0, 0.9
Scores = NDArray[np.bool_]


def moderated(first: Scores, second: Scores, earlier: float, paired: bool = False) -> float:
    """Return the p-value of `difference_of_means` with a moderated variance between seeds.

    Source: Smyth (2004), "Linear models and empirical Bayes methods for assessing differential
    expression in microarray experiments", Statistical Applications in Genetics and Molecular
    Biology 3(1), article 3; with fixed prior degrees of freedom, and the guard is ours.

    Args:
        first: Whether each model is right on each image, [seeds, n].
        second: The same for the second configuration, [seeds, n].
        earlier: The ratio of the variance between seeds to that of independent mistakes in earlier
            runs (`ratio`).
        paired: Whether row i of both comes from the same seed, and the difference is judged.
    """
    seeds, n = first.shape
    sides = [second.astype(float) - first] if paired else [first, second]
    spread, chance = (
        float(sum(part) / len(sides)) for part in zip(*map(parts, sides), strict=True)
    )
    freedom = float(len(sides) * (seeds - 1))
    if spread > earlier * chance * f_distribution.ppf(GUARD, freedom, PRIOR):
        return difference_of_means(first, second, paired=paired).p_value
    spread = (PRIOR * earlier * chance + freedom * spread) / (PRIOR + freedom)
    of_seeds = len(sides) * max(spread, chance) / seeds
    by_image = second.mean(axis=0) - first.mean(axis=0)
    of_images = max(by_image.var(ddof=1) / n - len(sides) * chance / seeds, 2 / seeds / n**2)
    total = of_seeds + of_images
    freedom = total**2 / (of_images**2 / (n - 1) + of_seeds**2 / (PRIOR + freedom))
    return float(2 * t_distribution.sf(abs(by_image.mean()) / np.sqrt(total), freedom))


def parts(scores: Scores | NDArray[np.floating]) -> tuple[float, float]:
    """Return the variance of a model's score between seeds, and that of independent mistakes."""
    seeds, n = scores.shape
    by_seed = scores.mean(axis=1)
    residuals = scores - by_seed[:, np.newaxis] - scores.mean(axis=0) + by_seed.mean()
    chance = (residuals**2).sum() / ((seeds - 1) * (n - 1) * n)
    return float(by_seed.var(ddof=1)), float(chance)


def ratio(runs: list[tuple[float, float]]) -> float:
    """Pool the ratio of both variances over runs."""
    spread, chance = np.sum(runs, axis=0)
    return float(spread / chance)
