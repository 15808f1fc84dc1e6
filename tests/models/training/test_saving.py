import time

import keras
import numpy as np
import pytest

from pipeline.training import models, saving


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return models.build("lenet5", {"dropout": 0.25}, (28, 28, 1), 10)[0]


def test_the_same_model_is_the_same_bytes(model, tmp_path):
    saving.save(model, tmp_path / "a.keras")
    time.sleep(1.1)  # Keras writes the time of saving, in seconds
    keras.utils.set_random_seed(1)
    again = models.build("lenet5", {"dropout": 0.25}, (28, 28, 1), 10)[0]
    saving.save(again, tmp_path / "b.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_keras_loads_it_as_usual(model, tmp_path):
    pictures = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28, 1)
    saving.save(model, tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    assert np.array_equal(loaded.predict(pictures, verbose=0), model.predict(pictures, verbose=0))
    assert list(tmp_path.iterdir()) == [tmp_path / "a.keras"]
