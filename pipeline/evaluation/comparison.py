"""The verdict: the comparison of two configurations by their predictions on the same test images.

Two questions are kept apart. Do the two *released models* differ on this test set? And is one
*configuration* better, whatever seed it is trained with? With several seeds on both sides the
verdict answers the second question, because two models that differ only by seed do differ
(docs/statistics.md). With one seed only the first can be answered, and the verdict says so.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics.configurations import difference_of_means
from pipeline.statistics.paired import mcnemar_exact, paired_bootstrap, tango_interval
from pipeline.statistics.scores import macro_f1
from pipeline.statistics.several import holm
from pipeline.statistics.words import Word, word

METRICS = ("accuracy", "macro F1", "log loss")


@dataclass(frozen=True)
class Judged:
    """The predictions of one configuration's models for the test images.

    Attributes:
        actual: Labels, int64 [n].
        released: Class predicted by the released model, int64 [n].
        loss: Cross-entropy of the released model, nats, float64 [n].
        seeds: Class predicted by the model of each seed, int64 [seeds, n].
    """

    actual: NDArray[np.int64]
    released: NDArray[np.int64]
    loss: NDArray[np.float64]
    seeds: NDArray[np.int64]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the released model is right, bool [n]."""
        return self.released == self.actual


@dataclass(frozen=True)
class Verdict:
    """A verdict and the numbers behind it. Accuracies are from 0 to 1, intervals are 95 %.

    Attributes:
        word: The verdict in one word.
        asked: The question that the verdict answers.
        difference: Difference in accuracy for that question, second minus first.
        low: Lower end of its interval.
        high: Upper end of its interval.
        p_value: p-value of no difference, for that question.
        seeds: Number of seeds of the first and of the second configuration.
        fixed: Number of images that only the second released model gets right.
        broken: Number of images that only the first released model gets right.
        exact_p_value: p-value of McNemar's exact test on `fixed` and `broken`.
        margin: Differences smaller than this do not matter.
    """

    word: Word
    asked: Literal["configurations", "models"]
    difference: float
    low: float
    high: float
    p_value: float
    seeds: tuple[int, int]
    fixed: int
    broken: int
    exact_p_value: float
    margin: float


@dataclass(frozen=True)
class MetricDifference:
    """One metric of the two released models, with the paired bootstrap's 95 % interval."""

    name: str
    first: float
    second: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassDifference:
    """The changes in one class; the p-value is that of McNemar's exact test, Holm-corrected."""

    label: int
    images: int
    fixed: int
    broken: int
    p_value: float


def verdict(first: Judged, second: Judged, margin: float) -> Verdict:
    """Compare two configurations on the same test images."""
    n = len(first.actual)
    fixed, broken = fixed_and_broken(first, second)
    exact = mcnemar_exact(len(fixed), len(broken))
    seeds = (len(first.seeds), len(second.seeds))
    asked: Literal["configurations", "models"] = "models"
    difference, p_value = (len(fixed) - len(broken)) / n, exact
    if np.array_equal(first.seeds, second.seeds) and not len(fixed) and not len(broken):
        # The predictions are the same, image for image: there is nothing to estimate.
        low = high = 0.0
    elif min(seeds) > 1 and n > 1:
        asked = "configurations"
        found = difference_of_means(first.seeds == first.actual, second.seeds == second.actual)
        difference, p_value = found.estimate, found.p_value
        low, high = found.low, found.high
    else:
        low, high = tango_interval(len(fixed), len(broken), n)
    answer = word(difference, low, high, p_value, margin)
    return Verdict(
        answer,
        asked,
        difference,
        low,
        high,
        p_value,
        seeds,
        len(fixed),
        len(broken),
        exact,
        margin,
    )


def fixed_and_broken(first: Judged, second: Judged) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the images that only the second, and only the first, released model gets right."""
    return (
        np.flatnonzero(second.correct & ~first.correct),
        np.flatnonzero(first.correct & ~second.correct),
    )


def metric_differences(first: Judged, second: Judged, classes: int) -> list[MetricDifference]:
    """Compare accuracy, macro F1 and log loss of the released models."""
    n = len(first.actual)

    def scores(judged: Judged, weights: NDArray[np.floating]) -> NDArray[np.floating]:
        f1 = macro_f1(judged.actual, judged.released, weights, classes)
        accuracy_and_loss = weights @ np.stack([judged.correct, judged.loss], axis=1) / n
        return np.column_stack([accuracy_and_loss[:, 0], f1, accuracy_and_loss[:, 1]])

    low, high = paired_bootstrap(
        lambda weights: scores(second, weights) - scores(first, weights), n
    ).tolist()
    once = np.ones((1, n))
    values = (scores(judged, once)[0].tolist() for judged in (first, second))
    columns = zip(METRICS, *values, low, high, strict=True)
    return [MetricDifference(*column) for column in columns]


def class_differences(first: Judged, second: Judged, classes: int) -> list[ClassDifference]:
    """Compare the released models class by class, with Holm's correction."""
    fixed, broken = fixed_and_broken(first, second)
    counts = [
        np.bincount(labels, minlength=classes).tolist()
        for labels in (first.actual, first.actual[fixed], first.actual[broken])
    ]
    p_values = [mcnemar_exact(gained, lost) for _, gained, lost in zip(*counts, strict=True)]
    columns = zip(range(classes), *counts, holm(p_values), strict=True)
    return [ClassDifference(*row) for row in columns]
