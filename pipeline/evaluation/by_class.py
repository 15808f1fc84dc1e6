"""The comparison class by class: a guardrail, since a score of all images hides a rare class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.comparison import (
    Judged,
    difference,
    fixed_and_broken,
    question,
)
from pipeline.statistics.configurations import Difference
from pipeline.statistics.rule import Rule
from pipeline.statistics.several import holm
from pipeline.statistics.words import LEVEL


@dataclass(frozen=True)
class ClassDifference:
    """The change of one class's recall: the share of its images that are classified correctly.

    Attributes:
        label: The class.
        images: Its test images, at least 1.
        fixed: Number of them that only the second released model gets right.
        broken: Number of them that only the first released model gets right.
        first: Recall of the first configuration, in the mean of its seeds.
        second: Recall of the second.
        low: Lower end of the 95 % interval of the difference.
        high: Its upper end.
        p_value: p-value of no difference, corrected by Holm's method for the number of classes.
        worse: Whether the recall has become worse: significantly, and by what may matter.
    """

    label: int
    images: int
    fixed: int
    broken: int
    first: float
    second: float
    low: float
    high: float
    p_value: float
    worse: bool


def class_differences(first: Judged, second: Judged, rule: Rule) -> list[ClassDifference]:
    """Compare the recall of each class that has test images, over seeds and images.

    The same rule as for a whole: with several seeds on both sides the question is about the
    configurations, otherwise about the two released models.
    """
    labels, counts = np.unique(first.actual, return_counts=True)
    fixed, broken = (first.actual[images] for images in fixed_and_broken(first, second))
    found = [_difference(first, second, int(label)) for label in labels]
    rows = []
    columns = zip(labels.tolist(), counts.tolist(), found, strict=True)
    corrected = holm([change.p_value for _, change in found])
    for (label, images, (before, change)), p_value in zip(columns, corrected, strict=True):
        margin = rule.margin.of(1 - before)
        worse = p_value <= LEVEL and change.estimate < 0 and change.low <= -margin
        rows.append(
            ClassDifference(
                label,
                images,
                int((fixed == label).sum()),
                int((broken == label).sum()),
                before,
                before + change.estimate,
                change.low,
                change.high,
                p_value,
                worse,
            )
        )
    return rows


def _difference(first: Judged, second: Judged, label: int) -> tuple[float, Difference]:
    """Return a class's recall by the first configuration, and how the second differs."""
    images = np.flatnonzero(first.actual == label)
    one, other = (_of_images(judged, images) for judged in (first, second))
    asked = question(one, other, "accuracy")
    before = (one.seeds if asked == "configurations" else one.released) == label
    return float(before.mean()), difference(one, other, "accuracy", asked)


def _of_images(judged: Judged, images: NDArray[np.int64]) -> Judged:
    """Return the predictions for some of the images."""
    return Judged(
        judged.actual[images],
        judged.released[images],
        judged.loss[images],
        judged.seeds[:, images],
        groups=None if judged.groups is None else judged.groups[images],
    )
