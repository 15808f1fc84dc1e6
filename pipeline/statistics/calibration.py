"""How well the probabilities of a model match how often it is right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics.proportions import wilson_interval

BINS = 10


@dataclass(frozen=True)
class Bin:
    """The images whose probability lies in one interval.

    Attributes:
        begin: Lower end of the interval, excluded except for 0.
        end: Upper end, included.
        images: Their number, at least 1.
        confidence: Mean probability of the predicted classes.
        accuracy: Share that is classified correctly.
        low: Lower end of the accuracy's 95 % Wilson interval.
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
    probability: NDArray[np.float64], correct: NDArray[np.bool_], count: int = BINS
) -> list[Bin]:
    """Sort images into intervals of equal width by the probability of the predicted class.

    Args:
        probability: [n], of the predicted class.
        correct: [n], whether that is the actual class.
        count: Number of intervals; those without an image are left out.
    """
    place = np.clip(np.ceil(probability * count).astype(int) - 1, 0, count - 1)
    found = []
    for number in range(count):
        inside = place == number
        images = int(inside.sum())
        if images:
            right = int(correct[inside].sum())
            found.append(
                Bin(
                    number / count,
                    (number + 1) / count,
                    images,
                    float(probability[inside].mean()),
                    right / images,
                    *wilson_interval(right, images),
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
