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

from pipeline.statistics import by_image, planning
from pipeline.statistics.bootstrap import bootstrap
from pipeline.statistics.by_image import Metric
from pipeline.statistics.configurations import Difference, difference_of_means
from pipeline.statistics.groups import by_group
from pipeline.statistics.paired import mcnemar, paired_difference, tango_interval
from pipeline.statistics.rule import Rule
from pipeline.statistics.scores import macro_f1
from pipeline.statistics.words import Direction, Word, direction, word

Question = Literal["configurations", "models"]
# Of the released models these are shown whatever decides.
NAMES = ("accuracy", "macro F1", "log loss")
FEWEST_PAIRS = 3


@dataclass(frozen=True)
class Judged:
    """The predictions of one configuration's models for the test images.

    Attributes:
        actual: Labels, int64 [n].
        released: Class predicted by the released model, int64 [n].
        loss: Cross-entropy of the released model, nats, float64 [n].
        seeds: Class predicted by the model of each seed, int64 [seeds, n].
        losses: Cross-entropy of the model of each seed, nats, float64 [seeds, n]; None in results
            of an older version.
        groups: The number of each image's group, int64 [n]; None if the images are independent.
        numbers: The seeds' numbers, as written, in the order of the rows of `seeds`; empty if they
            are not known.
    """

    actual: NDArray[np.int64]
    released: NDArray[np.int64]
    loss: NDArray[np.float64]
    seeds: NDArray[np.int64]
    losses: NDArray[np.float64] | None = None
    groups: NDArray[np.int64] | None = None
    numbers: tuple[str, ...] = ()

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the released model is right, bool [n]."""
        return self.released == self.actual

    def scores(
        self, metric: Metric, question: Question, groups: NDArray[np.int64] | None
    ) -> NDArray[np.float64]:
        """Return values of which the mean is the score: of images, [models, n], or of groups.

        Raises:
            ValueError: the losses of every seed are asked for and not known.
        """
        one = question == "models"
        if metric == "log_loss":
            losses = self.loss[np.newaxis] if one else self.losses
            if losses is None:
                raise ValueError("the losses of the seeds are not known")
            values = losses
        else:
            predicted = self.released[np.newaxis] if one else self.seeds
            values = by_image.values(metric, self.actual, predicted)
        return values if groups is None else by_group(values, groups)


@dataclass(frozen=True)
class Verdict:
    """A verdict and the numbers behind it. Scores are from 0 to 1 or nats, intervals are 95 %.

    Attributes:
        word: The verdict in one word.
        asked: The question that the verdict answers.
        metric: The score that was compared.
        first: The first configuration's score, for that question.
        second: The second's.
        difference: Second minus first.
        low: Lower end of its interval.
        high: Upper end of its interval.
        p_value: p-value of no difference, for that question.
        margin: Differences smaller than this do not matter.
        small: The side that is better although the difference does not matter.
        seeds: Number of seeds of the first and of the second configuration.
        fixed: Number of images that only the second released model gets right.
        broken: Number of images that only the first released model gets right.
        released_p_value: p-value of McNemar's test on `fixed` and `broken`.
        seed_error: The part of the standard error that more seeds would reduce.
        image_error: The part that more test images would reduce.
        detectable: The smallest true difference that such results find in four cases of five.
        settled_by: Seeds a side that would decide an undecided verdict if the difference stays as
            it is; None if no number of them would.
        paired: Whether each seed of one side was compared with the same seed of the other.
    """

    word: Word
    asked: Question
    metric: Metric
    first: float
    second: float
    difference: float
    low: float
    high: float
    p_value: float
    margin: float
    small: Direction | None
    seeds: tuple[int, int]
    fixed: int
    broken: int
    released_p_value: float
    seed_error: float | None = None
    image_error: float | None = None
    detectable: float | None = None
    settled_by: int | None = None
    paired: bool = False

    @property
    def not_inferior(self) -> bool:
        """Whether the interval excludes a loss that matters."""
        loss = self.high if self.metric == "log_loss" else -self.low
        return loss < self.margin or loss == 0


@dataclass(frozen=True)
class MetricDifference:
    """One metric of the two released models, with the paired bootstrap's 95 % interval."""

    name: str
    first: float
    second: float
    low: float
    high: float


def verdict(first: Judged, second: Judged, rule: Rule, alike: bool = False) -> Verdict:
    """Compare two configurations on the same test images.

    Args:
        first: The predictions of the first configuration.
        second: Those of the second.
        rule: What decides.
        alike: Whether models of one seed have the same initial weights on both sides. If all seeds
            are the same too, each is compared with itself.
    """
    metric = by_image.suited(first.actual) if rule.metric == "auto" else rule.metric
    asked = question(first, second, metric)
    scores = [judged.scores(metric, asked, None) for judged in (first, second)]
    before, after = (float(each.mean()) for each in scores)
    margin = rule.margin.of(before if metric == "log_loss" else 1 - before)
    fixed, broken = (len(images) for images in fixed_and_broken(first, second))
    seeds = (len(first.seeds), len(second.seeds))
    paired = alike and asked == "configurations" and _same_seeds(first, second)
    found = difference(first, second, metric, asked, paired)
    # Of log loss less is better; a word is about more.
    sign = -1 if metric == "log_loss" else 1
    low, high = sorted((sign * found.low, sign * found.high))
    answer = word(sign * found.estimate, low, high, found.p_value, margin)
    several = asked == "configurations" and found.image_error > 0
    open_question = several and answer == "undecided"
    return Verdict(
        answer,
        asked,
        metric,
        before,
        after,
        found.estimate,
        found.low,
        found.high,
        found.p_value,
        margin,
        direction(sign * found.estimate, found.p_value) if answer == "equivalent" else None,
        seeds,
        fixed,
        broken,
        difference(first, second, "accuracy", "models").p_value,
        found.seed_error if several else None,
        found.image_error if several else None,
        planning.detectable(found) if several else None,
        planning.seeds_that_settle(found, min(seeds), margin, paired) if open_question else None,
        paired,
    )


def difference(
    first: Judged, second: Judged, metric: Metric, asked: Question, paired: bool = False
) -> Difference:
    """Compare the scores of two configurations, or of the two released models."""
    groups = common_groups(first, second)
    one, other = (judged.scores(metric, asked, groups) for judged in (first, second))
    if np.array_equal(one, other) and np.array_equal(first.released, second.released):
        # The predictions are the same, image for image: there is nothing to estimate.
        return Difference(0.0, 0.0, 0.0, 1.0, np.inf, 0.0, 0.0)
    if asked == "configurations":
        smallest = by_image.of_one_image(metric, first.actual)
        return difference_of_means(one, other, of_one_image=smallest, paired=paired)
    if metric != "accuracy" or groups is not None:
        return paired_difference(other[0] - one[0])
    n = len(first.actual)
    fixed, broken = (len(images) for images in fixed_and_broken(first, second))
    low, high = tango_interval(fixed, broken, n)
    return Difference((fixed - broken) / n, low, high, mcnemar(fixed, broken), np.inf, 0.0, 0.0)


def _same_seeds(first: Judged, second: Judged) -> bool:
    """Return whether both sides have the same seeds, and enough of them to be paired.

    Pairs have half the degrees of freedom. With two seeds that is a single one, so the interval
    would be wider unless a seed decided nearly everything (docs/statistics.md).
    """
    return first.numbers == second.numbers and len(first.numbers) >= FEWEST_PAIRS


def common_groups(first: Judged, second: Judged) -> NDArray[np.int64] | None:
    """Return the group of each image, [n], if a side knows groups."""
    return second.groups if first.groups is None else first.groups


def question(first: Judged, second: Judged, metric: Metric) -> Question:
    """Return what can be asked: with a single seed or image, only whether the models differ."""
    known = metric != "log_loss" or (first.losses is not None and second.losses is not None)
    groups = common_groups(first, second)
    independent = len(first.actual if groups is None else np.unique(groups))
    several = min(len(first.seeds), len(second.seeds), independent) > 1
    return "configurations" if several and known else "models"


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
        sums = weights @ np.stack([judged.correct, judged.loss], axis=1)
        accuracy_and_loss = sums / weights.sum(axis=1, keepdims=True)
        return np.column_stack([accuracy_and_loss[:, 0], f1, accuracy_and_loss[:, 1]])

    def differences(weights: NDArray[np.floating]) -> NDArray[np.floating]:
        return scores(second, weights) - scores(first, weights)

    low, high = bootstrap(differences, n, common_groups(first, second)).tolist()
    once = np.ones((1, n))
    values = (scores(judged, once)[0].tolist() for judged in (first, second))
    columns = zip(NAMES, *values, low, high, strict=True)
    return [MetricDifference(*column) for column in columns]
