"""The temperature that makes the probabilities of a model match how often it is right."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_softmax

# Of the 95 % quantile of chi square with one degree of freedom, a half.
HALF_CHI_SQUARE = 1.9207
SMALLEST_PROBABILITY = 1e-7
# No fit outside makes sense: such a model gives all classes the same probability, or one 1.
LOWEST, HIGHEST = 0.05, 20.0


def fit(
    labels: NDArray[np.int64], probabilities: NDArray[np.floating]
) -> tuple[float, float, float]:
    """Return the temperature with the lowest log loss on these images, with its 95 % interval.

    Above 1 the model is too sure of itself. The logits are divided by it; accuracy does not change.
    The interval is where twice the log likelihood is lower by less than 3.84 (profile likelihood).

    Source: Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks", 4.2.

    Args:
        labels: int64 [n], of images that the model was not trained on.
        probabilities: [n, classes].

    Returns:
        The temperature and the ends of its interval, all from 0.05 to 20.
    """
    logits = _logits(probabilities)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[rows, labels].sum())

    ends = np.log([LOWEST, HIGHEST]).tolist()
    best = float(minimize_scalar(loss, bounds=ends, method="bounded").x)
    limit = loss(best) + HALF_CHI_SQUARE
    low, high = (
        float(brentq(lambda at: loss(at) - limit, *sorted((end, best)), xtol=1e-4))
        if loss(end) > limit
        else end
        for end in ends
    )
    return float(np.exp(best)), float(np.exp(low)), float(np.exp(high))


def scaled(probabilities: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return the probabilities at another temperature, [n, classes]."""
    return np.exp(log_softmax(_logits(probabilities) / temperature, axis=1))


def _logits(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return logits up to a constant for each image."""
    return np.log(np.maximum(probabilities.astype(np.float64), SMALLEST_PROBABILITY))
