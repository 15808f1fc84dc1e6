"""The metrics of one model, computed from its probabilities by pure functions over arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import classification_report, f1_score

from pipeline.statistics.groups import proportion_interval
from pipeline.training.trained import Threshold

# Keras clips probabilities at this value, so a certain mistake costs 16.1 nats and not infinity.
SMALLEST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class Predictions:
    """The predictions of one model for the test images.

    Attributes:
        actual: int64 [n], the labels.
        predicted: int64 [n], the most probable class.
        probability: float64 [n], the probability of the predicted class.
        actual_probability: float64 [n], the probability of the actual class.
        groups: int64 [n], the group of each image; None if images are independent.
    """

    actual: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probability: NDArray[np.float64]
    actual_probability: NDArray[np.float64]
    groups: NDArray[np.int64] | None = None

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each image is classified correctly, bool [n]."""
        return self.predicted == self.actual


def predictions(
    actual: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    groups: NDArray[np.int64] | None = None,
) -> Predictions:
    """Reduce probabilities [n, classes] to the values that are kept for each image."""
    predicted = probabilities.argmax(axis=1)
    rows = np.arange(len(actual))
    return Predictions(
        actual,
        predicted,
        probabilities[rows, predicted].astype(np.float64),
        probabilities[rows, actual].astype(np.float64),
        groups,
    )


def losses(judged: Predictions) -> NDArray[np.float64]:
    """Return the cross-entropy of each image in nats, [n]."""
    return np.abs(np.log(np.maximum(judged.actual_probability, SMALLEST_PROBABILITY)))


def summary(judged: Predictions) -> dict[str, Any]:
    """Compute accuracy with its 95 % interval, loss and macro F1 of one model.

    Classes without test images are left out; they do not count as an F1 score of 0.
    """
    scores = of_labels(judged.actual, judged.predicted, judged.groups)
    macro_f1 = scores.pop("macro_f1")
    return {**scores, "loss": float(losses(judged).mean()), "macro_f1": macro_f1}


def of_labels(
    actual: NDArray[np.int64],
    predicted: NDArray[np.int64],
    groups: NDArray[np.int64] | None = None,
) -> dict[str, Any]:
    """Compute what needs no probabilities: accuracy with its interval, and macro F1."""
    interval = proportion_interval(predicted == actual, groups)
    judgeable = np.unique(actual)
    macro_f1 = f1_score(actual, predicted, labels=judgeable, average="macro", zero_division=0)
    return {
        "accuracy": float((predicted == actual).mean()),
        # A list, because DVC leaves lists out of its tables of metrics, which stay readable.
        "accuracy_interval": list(interval),
        "macro_f1": float(macro_f1),
    }


def sure(judged: Predictions, threshold: Threshold) -> dict[str, Any]:
    """Measure what a threshold, chosen on validation images, keeps on these images.

    `reached` is the share of correct answers among the sure ones, with its 95 % interval; both
    are empty if there are none.
    """
    answered = judged.probability >= threshold.probability
    right = judged.correct[answered]
    groups = None if judged.groups is None else judged.groups[answered]
    return {
        "precision": threshold.precision,
        "probability": threshold.probability,
        "answered": float(answered.mean()),
        "reached": float(right.mean()) if len(right) else None,
        "reached_interval": list(proportion_interval(right, groups)) if len(right) else None,
    }


def per_class(judged: Predictions, classes: list[str]) -> dict[str, dict[str, Any]]:
    """Compute precision, recall, F1 and support of each class with scikit-learn."""
    labels = list(range(len(classes)))
    report = classification_report(
        judged.actual, judged.predicted, labels=labels, output_dict=True, zero_division=0
    )
    return {name: report[str(label)] for label, name in zip(labels, classes, strict=True)}
