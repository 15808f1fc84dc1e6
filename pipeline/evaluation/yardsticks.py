"""Classifiers that cost seconds, against which a trained network has to be worth its time.

The second is what was usual before networks: histograms of oriented gradients (Dalal and Triggs
2005), here beside a histogram of colours (Swain and Ballard 1991), and a support vector machine.
Its kernel is the product of one Gaussian kernel for each kind of feature.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from skimage.feature import hog
from sklearn.svm import SVC

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Matrix = NDArray[np.float32]

# The kernel of more images than these costs minutes and gigabytes.
MOST_IMAGES, MOST_VALIDATION = 5000, 2000
CELLS = 8
LEVELS = 4
# Offered to the choice by validation accuracy; the distances that they weigh have the mean 1.
SHARPNESS = (0.3, 1.0)
COLOUR_WEIGHTS = (0.0, 0.5, 1.5)
COSTS = (1.0, 10.0)
CHUNK = 1000


@dataclass(frozen=True)
class Yardstick:
    """What a yardstick answers.

    Attributes:
        name: Its name in results/metrics.json.
        predicted: int64 [n], a label for each test image.
    """

    name: str
    predicted: Labels


def largest_class(train_labels: Labels, test_images: int) -> Yardstick:
    """Predict for every image the most frequent label of training, of equals the smallest."""
    largest = int(np.bincount(train_labels).argmax())
    return Yardstick("largest_class", np.full(test_images, largest, np.int64))


def gradients_and_colours(
    train_images: Images,
    train_labels: Labels,
    validation_images: Images,
    validation_labels: Labels,
    test_images: Images,
) -> Yardstick:
    """Classify by a support vector machine on gradients and colours.

    Hyperparameters are those with the highest validation accuracy, of equals the first;
    validation images are not trained on. Nothing is random.

    Args:
        train_images: uint8 [n, height, width, channels], of at least 8×8 pixels, grey or RGB.
        train_labels: int64 [n], of at least two classes.
        validation_images: uint8 [v, height, width, channels].
        validation_labels: int64 [v].
        test_images: uint8 [t, height, width, channels].
    """
    features = _features(train_images)
    scales = [float(_distances(each, each).mean()) or 1.0 for each in features]
    training = _scaled(features, features, scales)
    validation = _scaled(_features(validation_images), features, scales)
    best: tuple[float, SVC, float, float] | None = None
    colours = COLOUR_WEIGHTS if len(features) > 1 else (0.0,)
    for weight, sharpness in product(colours, SHARPNESS):
        kernel = _kernel(training, weight, sharpness)
        judged = _kernel(validation, weight, sharpness)
        for cost in COSTS:
            machine = SVC(C=cost, kernel="precomputed").fit(kernel, train_labels)
            accuracy = float((machine.predict(judged) == validation_labels).mean())
            if best is None or accuracy > best[0]:
                best = accuracy, machine, weight, sharpness
    assert best is not None
    _, machine, weight, sharpness = best
    answers = [
        machine.predict(_kernel(_scaled(_features(chunk), features, scales), weight, sharpness))
        for chunk in _chunks(test_images)
    ]
    return Yardstick("hog_svm", np.concatenate(answers).astype(np.int64))


def evenly(labels: Labels, most: int) -> NDArray[np.int64]:
    """Return the indices of so many images at most; every class keeps its share of them."""
    count = min(len(labels), most)
    places = np.arange(count) * len(labels) // count
    return np.sort(np.argsort(labels, kind="stable")[places])


def _features(images: Images) -> list[Matrix]:
    """Return gradients [n, g], and for RGB images colours [n, LEVELS³]."""
    features = [np.stack([_gradients(image) for image in images])]
    if images.shape[-1] == 3:
        features.append(_colours(images))
    return features


def _gradients(image: Images) -> Matrix:
    """Return the histograms of oriented gradients of about 8×8 cells in overlapping 2×2 blocks."""
    height, width, _ = image.shape
    cell = max(4, min(height, width) // CELLS)
    return hog(
        image,
        orientations=9,
        pixels_per_cell=(cell, cell),
        cells_per_block=(2, 2),
        block_norm="L2-Hys",
        channel_axis=-1,
    ).astype(np.float32)


def _colours(images: Images) -> Matrix:
    """Return the square roots of the shares of 4×4×4 colours, [n, 64].

    The distance of two such vectors is Hellinger's, which suits histograms.
    """
    red, green, blue = np.moveaxis(images // (256 // LEVELS), -1, 0).astype(np.int64)
    codes = ((red * LEVELS + green) * LEVELS + blue).reshape(len(images), -1)
    counts = np.stack([np.bincount(row, minlength=LEVELS**3) for row in codes])
    return np.sqrt(counts / codes.shape[1]).astype(np.float32)


def _distances(some: Matrix, others: Matrix) -> Matrix:
    """Return the squared Euclidean distances of all pairs, [a, b]."""
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)[None, :]
    return np.maximum(squares - 2 * some @ others.T, 0)


def _scaled(some: list[Matrix], others: list[Matrix], scales: list[float]) -> list[Matrix]:
    return [_distances(a, b) / s for a, b, s in zip(some, others, scales, strict=True)]


def _kernel(distances: list[Matrix], colour_weight: float, sharpness: float) -> Matrix:
    weights = (1.0, colour_weight)[: len(distances)]
    total = sum(weight * each for weight, each in zip(weights, distances, strict=True))
    return np.exp(-sharpness * total)


def _chunks(images: Images) -> Iterator[Images]:
    for start in range(0, len(images), CHUNK):
        yield images[start : start + CHUNK]
