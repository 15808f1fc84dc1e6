"""A small split, and TensorFlow with one thread, as every worker here has it."""

import keras
import pytest
from support.splits import write_split

from pipeline.training import backend

# TensorFlow takes the number of threads once in a process; every test runs with the same.
backend.start(threads=1)


@pytest.fixture(autouse=True)
def usual_precision():
    """Compute in float32, whatever precision the test before has set for all of Keras."""
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def splits(tmp_path_factory):
    """Return a split to train on and one to validate on."""
    folder = tmp_path_factory.mktemp("split")
    return write_split(folder / "train", 150, 1), write_split(folder / "validation", 60, 2)
