"""A small split on disk that any model can learn."""

import numpy as np

from pipeline.training.batches import SplitFolder


def write_split(folder, images, seed, size=12, classes=3):
    """Write images in which each class has its own bright corner; return the split."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, images)
    pixels = rng.integers(0, 120, (images, size, size, 1))
    for label in range(classes):
        pixels[labels == label, label * 3 : label * 3 + 4, :5] += 90
    return SplitFolder.write(folder, pixels, labels, [f"c{n}" for n in range(classes)])
