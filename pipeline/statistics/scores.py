"""Macro F1 of many resamples at once."""

import numpy as np
from numpy.typing import NDArray


def macro_f1(
    actual: NDArray[np.int64],
    predicted: NDArray[np.int64],
    weights: NDArray[np.integer | np.floating],
    classes: int,
) -> NDArray[np.float64]:
    """Average the F1 scores of all classes; a class that never occurs counts as 0.

    Args:
        actual: Labels, [n].
        predicted: Predicted classes, [n].
        weights: How often each image counts, [resamples, n].
        classes: Number of classes.

    Returns:
        One score for each row of weights, [resamples].
    """
    labels = np.arange(classes)
    is_actual = actual[:, np.newaxis] == labels
    is_predicted = predicted[:, np.newaxis] == labels
    columns = np.concatenate([is_actual & is_predicted, is_actual, is_predicted], axis=1)
    hits, actuals, predictions = np.split(weights @ columns.astype(np.float32), 3, axis=1)
    return (2 * hits / np.maximum(actuals + predictions, 1)).mean(axis=1, dtype=np.float64)
