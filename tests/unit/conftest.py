import sys

import pytest

HEAVY = {"tensorflow", "keras", "keras_tuner"}


@pytest.fixture(autouse=True)
def light():
    """Fail a test that imports TensorFlow or Keras: it belongs to tests/models.

    Only where this process has not imported them before, as for `pytest tests/unit`.
    """
    before = HEAVY & sys.modules.keys()
    yield
    assert HEAVY & sys.modules.keys() == before, "imports TensorFlow or Keras"
