"""Images whose label is probably wrong, by the probabilities of models that have not seen them."""

import numpy as np
from numpy.typing import NDArray


def candidates(
    labels: NDArray[np.int64], probabilities: NDArray[np.floating]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the images whose label is probably wrong, and the class that each rather is.

    A class has a threshold, its mean probability over the images that bear its label. An image is
    a candidate if another class than its label reaches its threshold and is the most probable of
    those that do. So classes of which a model is less sure need less. The first candidates are
    those with the smallest probability of the label in comparison with that of the other class.

    Source: Northcutt, Jiang and Chuang (2021), "Confident Learning: Estimating Uncertainty in
    Dataset Labels", Journal of Artificial Intelligence Research 70, 1373-1411: the images off the
    diagonal of the confident joint (equations 1 and 2), ranked by normalised margin.

    Args:
        labels: int64 [n].
        probabilities: [n, classes], from models that were not trained on these images.

    Returns:
        Indices of the candidates and their other classes, int64 [k] each.
    """
    n, classes = probabilities.shape
    counts = np.bincount(labels, minlength=classes)
    own = probabilities[np.arange(n), labels].astype(np.float64)
    thresholds = np.full(classes, np.inf)
    there = counts > 0
    thresholds[there] = np.bincount(labels, own, classes)[there] / counts[there]
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    rather = confident.argmax(axis=1)
    highest = confident[np.arange(n), rather]
    found = np.flatnonzero((highest >= 0) & (rather != labels))
    order = np.argsort(own[found] - highest[found], kind="stable")
    return found[order], rather[found[order]].astype(np.int64)
