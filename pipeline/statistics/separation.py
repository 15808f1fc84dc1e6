"""How well scores separate one class from the rest: ROC curves and the area under them."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.metrics import roc_curve

from pipeline.statistics.confidence import NORMAL


def area(
    positive: NDArray[np.bool_],
    scores: NDArray[np.floating],
    groups: NDArray[np.int64] | None = None,
) -> tuple[float, float, float] | None:
    """Return the area under the ROC curve, its 95 % interval; None without images of both kinds.

    The area is the chance that an image of the class scores higher than one of the rest, of equal
    scores a half. Its variance is that of DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44,
    837-845, summed over groups as Obuchowski (1997), "Nonparametric analysis of clustered ROC curve
    data", Biometrics 53, 567-578, which is the same where each image is its own group. The interval
    is symmetric for the logit of the area, so that it stays below 1 (Pepe 2003, "The Statistical
    Evaluation of Medical Tests", 5.2). Where the variance is 0, as with an area of 1, it is the
    score interval of Newcombe (2006), Statistics in Medicine 25, 559-573, method 5, each group
    counted as one image.

    Args:
        positive: Whether each image is of the class, [n].
        scores: The score of the class, [n].
        groups: The group of each image, [n]; None if the images are independent.
    """
    place = (
        np.arange(len(positive)) if groups is None else np.unique(groups, return_inverse=True)[1]
    )
    ours, others = scores[positive], scores[~positive]
    if not len(ours) or not len(others):
        return None
    won, lost = _wins(ours, others), 1 - _wins(others, ours)
    found = float(won.mean())
    m, n = (len(np.unique(place[chosen])) for chosen in (positive, ~positive))
    variance = 0.0
    if min(m, n) > 1:
        variance = _variance(won - found, lost - found, place[positive], place[~positive])
    if variance <= 0 or found in (0, 1):
        return (found, *_score_interval(found, m, n))
    half = NORMAL * math.sqrt(variance) / (found * (1 - found))
    low, high = expit(logit(found) + np.array([-half, half])).tolist()
    return found, low, high


def curve(
    positive: NDArray[np.bool_], scores: NDArray[np.floating], most: int
) -> NDArray[np.float64]:
    """Return the ROC curve, at most `most` points [k, 2] of false and true positive rates.

    Args:
        positive: Whether each image is of the class, [n]; some are and some are not.
        scores: The score of the class, [n].
        most: Of more points those are kept that are evenly spread along the curve.
    """
    points = np.stack(roc_curve(positive, scores)[:2], axis=1)
    if len(points) <= most:
        return points
    along = np.append(0, np.abs(np.diff(points, axis=0)).sum(axis=1).cumsum())
    return points[np.unique(np.searchsorted(along, np.linspace(0, along[-1], most)))]


def _wins(some: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return for each of some scores the share of others that it exceeds, ties as a half."""
    ordered = np.sort(others)
    below, upto = (np.searchsorted(ordered, some, side) for side in ("left", "right"))
    return (below + upto) / (2 * len(others))


def _variance(
    won: NDArray[np.float64],
    lost: NDArray[np.float64],
    groups_of_class: NDArray[np.int64],
    groups_of_rest: NDArray[np.int64],
) -> float:
    """Return the variance of the area from the deviations of its components by group."""
    m, n = len(won), len(lost)
    most = int(max(groups_of_class.max(), groups_of_rest.max())) + 1
    first = np.bincount(groups_of_class, won, most)
    second = np.bincount(groups_of_rest, lost, most)
    with_class, with_rest = len(np.unique(groups_of_class)), len(np.unique(groups_of_rest))
    groups = len(np.union1d(groups_of_class, groups_of_rest))
    return float(
        with_class / (with_class - 1) * (first**2).sum() / m**2
        + with_rest / (with_rest - 1) * (second**2).sum() / n**2
        + 2 * groups / (groups - 1) * (first * second).sum() / (m * n)
    )


def _score_interval(found: float, m: int, n: int) -> tuple[float, float]:
    """Return the interval of an area of 0 or 1, or one of a single group."""
    extra = (m + n) / 2 - 1

    def beyond(area: float) -> float:
        spread = 1 + extra * ((1 - area) / (2 - area) + area / (1 + area))
        return (area - found) ** 2 - NORMAL**2 * area * (1 - area) * spread / (m * n)

    tiny = 1e-12
    low = float(brentq(beyond, tiny, found - tiny)) if found > 2 * tiny else 0.0
    high = float(brentq(beyond, found + tiny, 1 - tiny)) if found < 1 - 2 * tiny else 1.0
    return low, high
