"""The confusion matrix, and the macro F1 score of many resamples at once."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


def confusion(
    actual: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Count images by actual (row) and predicted (column) class, [classes, classes]."""
    counts = np.bincount(actual * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes)


def macro_f1(
    actual: NDArray[np.int64],
    predicted: NDArray[np.int64],
    weights: NDArray[np.integer | np.floating],
    classes: int,
) -> NDArray[np.float64]:
    """Compute the mean F1 score of the classes that have images in a resample.

    Args:
        actual: Labels, [n].
        predicted: Predicted classes, [n].
        weights: How often each image counts, [resamples, n].
        classes: Number of classes.

    Returns:
        One score for each row of weights, [resamples].
    """
    by_image = np.ascontiguousarray(weights.T, np.float32)

    def count(labels: NDArray[np.int64], chosen: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Add up the weights of the chosen images by label, [classes, resamples]."""
        places = (labels, np.arange(len(labels)))
        return csr_array((chosen.astype(np.float32), places), (classes, len(labels))) @ by_image

    every = np.ones(len(actual), bool)
    hits, actuals = count(actual, actual == predicted), count(actual, every)
    scores = 2 * hits / np.maximum(actuals + count(predicted, every), 1)
    return scores.sum(axis=0, dtype=np.float64) / (actuals > 0).sum(axis=0)
