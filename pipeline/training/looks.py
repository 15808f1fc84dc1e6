"""How images look on the whole, and which look unlike those that a model was trained on.

A network answers with one of its classes whatever it is shown. Four numbers tell the commonest
accidents, such as ink on paper where the training images are chalk on a board: the brightness of
the border and of the whole, the contrast, and how colourful an image is. docs/export.md has the
rates of false alarms.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.training.batches import SplitFolder

# Lower and upper bound of each measure, from 0 to 255.
Looks = Mapping[str, tuple[float, float]]

# An image is usual if each measure is within these quantiles of the training images, or outside by
# no more than the tolerance (of 255): where all training images are alike, the quantiles are equal.
QUANTILE, TOLERANCE = 0.001, 4.0
# More training images than this make no difference to the bounds.
MOST_IMAGES = 10_000
CHUNK = 50  # images measured at a time, which takes 16 bytes a value
# ITU-R BT.601, as Pillow converts to grey.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
BORDER = 1 / 14  # of the shorter side


def measure(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return the measures of images [n, height, width, channels], each [n] from 0 to 255.

    `border` is the mean brightness of the outermost pixels, one fourteenth of the shorter side;
    `brightness` that of all, and `contrast` its standard deviation; `colour`, of RGB images, the
    mean difference between the largest and the smallest channel.
    """
    pixels = images.astype(np.float32)
    grey = pixels @ LUMA if images.shape[-1] == 3 else pixels[..., 0]
    height, width = grey.shape[1:]
    wide = max(1, round(min(height, width) * BORDER))
    outside = np.ones((height, width), bool)
    outside[wide : height - wide, wide : width - wide] = False
    found = {
        "border": grey[:, outside].mean(axis=1),
        "brightness": grey.mean(axis=(1, 2)),
        "contrast": grey.std(axis=(1, 2)),
    }
    if images.shape[-1] == 3:
        found["colour"] = (pixels.max(axis=-1) - pixels.min(axis=-1)).mean(axis=(1, 2))
    return found


def usual(split: SplitFolder) -> dict[str, tuple[float, float]]:
    """Return the bounds within which the images of a split look, from at most 10,000 of them."""
    chosen = np.linspace(0, len(split) - 1, min(len(split), MOST_IMAGES)).astype(np.int64)
    bounds = {}
    for name, values in _measure_all(split, chosen).items():
        low, high = np.quantile(values, [QUANTILE, 1 - QUANTILE])
        bounds[name] = (round(float(low) - TOLERANCE, 1), round(float(high) + TOLERANCE, 1))
    return bounds


def share_unlike(split: SplitFolder, looks: Looks) -> float:
    """Return the share of a split's images that are outside of some bound."""
    measured = _measure_all(split, np.arange(len(split)))
    outside = [(measured[k] < low) | (measured[k] > high) for k, (low, high) in looks.items()]
    return float(np.any(outside, axis=0).mean())


def _measure_all(split: SplitFolder, chosen: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
    """Measure some images of a split, a few at a time."""
    parts = [
        measure(split.images(chosen[begin : begin + CHUNK]))
        for begin in range(0, len(chosen), CHUNK)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


# What is said of an image below and above a bound.
WORDS = {
    "border": ("its border is darker", "its border is brighter"),
    "brightness": ("it is darker", "it is brighter"),
    "contrast": ("it has less contrast", "it has more contrast"),
    "colour": ("it is less colourful", "it is more colourful"),
}


def differences(image: NDArray[np.uint8], looks: Looks) -> list[str]:
    """Say what sets an image [height, width, channels] apart from the training images.

    Bounds of what is not measured, as another version may have written them, are passed over.
    """
    said = []
    for name, values in measure(image[np.newaxis]).items():
        value = float(values[0])
        low, high = looks.get(name, (value, value))
        if not low <= value <= high:
            word = WORDS[name][value > high]
            said.append(f"{word} ({value:.0f}, theirs {max(0, low):.0f} to {min(255, high):.0f})")
    return said


def distance(image: NDArray[np.uint8], looks: Looks) -> float:
    """Return how far an image [height, width, channels] is outside of the bounds, in all."""
    measured = measure(image[np.newaxis])
    return sum(
        max(0.0, low - float(measured[name][0]), float(measured[name][0]) - high)
        for name, (low, high) in looks.items()
        if name in measured
    )
