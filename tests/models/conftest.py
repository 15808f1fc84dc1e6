"""A small split, and TensorFlow with one thread, as every worker here has it."""

import numpy as np
import pytest

from pipeline.base.files import write_json
from pipeline.training import backend
from pipeline.training.batches import SplitFolder

# TensorFlow takes the number of threads once in a process; every test runs with the same.
backend.start(threads=1)


def write_split(folder, images, seed, size=12, classes=3):
    """Write images that can be learnt: each class has its own bright corner."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, images)
    pixels = rng.integers(0, 120, (images, size, size, 1))
    for label in range(classes):
        pixels[labels == label, label * 3 : label * 3 + 4, :5] += 90
    folder.mkdir(parents=True)
    np.save(folder / "images.npy", pixels.astype(np.uint8))
    np.save(folder / "labels.npy", labels.astype(np.int64))
    write_json(folder / "classes.json", [f"c{n}" for n in range(classes)])
    return SplitFolder(folder)


@pytest.fixture(scope="session")
def splits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("split")
    return write_split(folder / "train", 150, 1), write_split(folder / "validation", 60, 2)
