"""Scores written as means over images, so that one formula gives the interval of each of them.

A score that is no mean, such as macro F1, is replaced by its influence function: the value of an
image is the score plus what the score would change if that image counted a little more, times the
number of images. Their mean is the score and their variance is that of the score over other test
images (the infinitesimal jackknife: Jaeckel 1972, Bell Laboratories Memorandum 72-1215-11; Efron
1982, "The Jackknife, the Bootstrap and Other Resampling Plans", chapter 6).
"""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Metric = Literal["accuracy", "balanced_accuracy", "macro_f1", "log_loss"]
METRICS: tuple[Metric, ...] = get_args(Metric)
# Log loss, in nats, is the only one of which less is better.
LABELS: dict[Metric, str] = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "log_loss": "log loss",
}
# With a larger ratio of the largest to the smallest class, accuracy hides the smallest.
BALANCED_UP_TO = 2.0


def suited(actual: NDArray[np.int64]) -> Metric:
    """Return the metric that suits labels [n]: balanced accuracy where classes differ in size."""
    counts = np.unique(actual, return_counts=True)[1]
    return "accuracy" if counts.max() <= BALANCED_UP_TO * counts.min() else "balanced_accuracy"


def values(
    metric: Metric, actual: NDArray[np.int64], predicted: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return a value for each model and image, [models, n], whose mean over images is the score.

    Args:
        metric: Any but log loss, whose values are the losses themselves.
        actual: Labels, [n].
        predicted: Classes that each model predicts, [models, n].
    """
    return np.stack([_VALUES[metric](actual, row) for row in predicted])


def of_one_image(metric: Metric, actual: NDArray[np.int64]) -> float:
    """Return how much the score changes, about, where one image of the smallest class changes."""
    counts = np.unique(actual, return_counts=True)[1]
    if metric in ("balanced_accuracy", "macro_f1"):
        return float(1 / (len(counts) * counts.min()))
    return 1 / len(actual)


def _accuracy(actual: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.float64]:
    return (actual == predicted).astype(float)


def _balanced_accuracy(
    actual: NDArray[np.int64], predicted: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Spread the mean recall over the images: each stands for its class.

    The deviations within a class of m images are those of m - 1 independent ones.
    """
    _, classes, counts = np.unique(actual, return_inverse=True, return_counts=True)
    correct = actual == predicted
    recall = np.bincount(classes, correct) / counts
    weight = len(actual) / (len(counts) * counts)
    weight *= np.sqrt(counts / np.maximum(counts - 1, 1))
    return recall.mean() + weight[classes] * (correct - recall[classes])


def _macro_f1(actual: NDArray[np.int64], predicted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Spread the mean F1 of the classes that have images; F1 is 2 hits / (actual + predicted)."""
    n = len(actual)
    size = int(max(actual.max(), predicted.max())) + 1
    hits = np.bincount(actual[actual == predicted], minlength=size)
    of_class = np.bincount(actual, minlength=size)
    total = of_class + np.bincount(predicted, minlength=size)
    scored = of_class > 0
    f1 = np.where(scored, 2 * hits / np.maximum(total, 1), 0)
    # How much the sum of the F1 changes with the weight of an image: through its actual class,
    # through its predicted class, and twice for a hit.
    share = np.where(scored, 1 / np.maximum(total, 1), 0)
    change = -(f1 * share)[actual] - (f1 * share)[predicted]
    change += np.where(actual == predicted, 2 * share[actual], 0)
    return (f1.sum() + n * change) / scored.sum()


_VALUES: dict[Metric, Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "macro_f1": _macro_f1,
}
