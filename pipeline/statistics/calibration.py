"""How well the probabilities of a model match how often it is right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics.groups import by_group, proportion_interval

BINS = 10
RESAMPLES = 2000


@dataclass(frozen=True)
class Bin:
    """The images whose probability lies in one interval.

    Attributes:
        begin: Lower end of the interval, excluded except for 0.
        end: Upper end, included.
        images: Their number, at least 1.
        confidence: Mean probability of the predicted classes.
        accuracy: Share that is classified correctly.
        low: Lower end of the accuracy's 95 % interval (`groups.proportion_interval`).
        high: Its upper end.
    """

    begin: float
    end: float
    images: int
    confidence: float
    accuracy: float
    low: float
    high: float


def bins(
    probability: NDArray[np.float64],
    correct: NDArray[np.bool_],
    groups: NDArray[np.int64] | None = None,
) -> list[Bin]:
    """Sort images into intervals of equal width by the probability of the predicted class.

    Intervals without an image are left out.

    Args:
        probability: [n], of the predicted class.
        correct: [n], whether that is the actual class.
        groups: The group of each image, [n]; None if the images are independent.
    """
    place = _place(probability)
    found = []
    for number in range(BINS):
        inside = place == number
        images = int(inside.sum())
        if images:
            right = correct[inside]
            found.append(
                Bin(
                    number / BINS,
                    (number + 1) / BINS,
                    images,
                    float(probability[inside].mean()),
                    float(right.mean()),
                    *proportion_interval(right, None if groups is None else groups[inside]),
                )
            )
    return found


def expected_calibration_error(found: Sequence[Bin]) -> float:
    """Return the mean distance of accuracy and confidence, weighted by the images of each bin.

    Source: Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks",
    equation 3.
    """
    total = sum(each.images for each in found)
    return sum(each.images * abs(each.accuracy - each.confidence) for each in found) / total


@dataclass(frozen=True)
class CalibrationError:
    """The expected calibration error, and what it shows.

    Attributes:
        estimate: The error.
        low: Lower end of its 95 % interval, 0 if the error may be chance.
        high: Its upper end.
        by_chance: What a calibrated model stays below in 95 % of test sets.
    """

    estimate: float
    low: float
    high: float
    by_chance: float


def calibration_error(
    probability: NDArray[np.float64],
    correct: NDArray[np.bool_],
    groups: NDArray[np.int64] | None = None,
) -> CalibrationError:
    """Return the expected calibration error of `BINS` bins with its interval.

    It is a sum of absolute values, so it is never 0, also of a calibrated model. Only an error
    above `by_chance` shows anything: there, the mean distance of each bin is drawn from a normal
    distribution around 0 (the consistency resampling of Bröcker and Smith 2007, "Increasing the
    reliability of reliability diagrams", Weather and Forecasting 22, 651-661). The interval is the
    basic bootstrap's, which takes the upward bias off, with draws around the distances found
    (Davison and Hinkley 1997, "Bootstrap Methods and their Application", 5.2).

    Args:
        probability: [n], of the predicted class.
        correct: [n], whether that is the actual class.
        groups: The group of each image, [n]; None if the images are independent.
    """
    place = _place(probability)
    inside = place == np.arange(BINS)[:, np.newaxis]
    distances = inside * (correct - probability)
    values = distances if groups is None else by_group(distances, groups)
    errors = values.std(axis=1) / np.sqrt(values.shape[1])
    if groups is None:  # what a calibrated model would have, also in a bin without mistakes
        calibrated = np.sqrt((inside * probability * (1 - probability)).sum(axis=1)) / len(place)
    else:
        calibrated = errors
    drawn = np.random.default_rng(0).normal(size=(RESAMPLES, BINS))
    by_chance = float(np.quantile(np.abs(drawn * calibrated).sum(axis=1), 0.95))
    found = distances.mean(axis=1)
    estimate = float(np.abs(found).sum())
    sums = np.abs(found + drawn * errors).sum(axis=1)
    low, high = (2 * estimate - np.quantile(sums, [0.975, 0.025])).tolist()
    low = min(max(0.0, low), estimate) if estimate > by_chance else 0.0
    return CalibrationError(estimate, low, max(high, estimate), by_chance)


def _place(probability: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of each image's bin, [n]."""
    return np.clip(np.ceil(probability * BINS).astype(np.int64) - 1, 0, BINS - 1)
