import datetime
import json
import time
import zipfile

import keras
import numpy as np
import pytest

from pipeline.base.files import FileError
from pipeline.training import models, saving


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return models.build("lenet5", {"dropout": 0.25}, (28, 28, 1), 10)[0]


@pytest.fixture
def tomorrow(monkeypatch):
    """Return a function that puts the clock forward by a day."""
    today, seconds = datetime.datetime, time.time

    class Tomorrow(today):
        @classmethod
        def now(cls, tz=None):
            return today.now(tz) + datetime.timedelta(days=1)

    def forward():
        monkeypatch.setattr(datetime, "datetime", Tomorrow)
        monkeypatch.setattr(time, "time", lambda: seconds() + 86_400)

    return forward


def date_saved(path):
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read("metadata.json"))["date_saved"]


def test_the_same_model_is_the_same_bytes(model, tmp_path, tomorrow):
    model.save(tmp_path / "keras_a.keras")
    saving.save(model, tmp_path / "a.keras")
    tomorrow()
    keras.utils.set_random_seed(1)
    again = models.build("lenet5", {"dropout": 0.25}, (28, 28, 1), 10)[0]
    again.save(tmp_path / "keras_b.keras")
    saving.save(again, tmp_path / "b.keras")
    assert date_saved(tmp_path / "keras_a.keras") != date_saved(tmp_path / "keras_b.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_keras_loads_it_as_usual(model, tmp_path):
    pictures = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28, 1)
    saving.save(model, tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    assert np.array_equal(loaded.predict(pictures, verbose=0), model.predict(pictures, verbose=0))
    assert list(tmp_path.iterdir()) == [tmp_path / "a.keras"]


def test_code_in_a_file_is_refused_and_not_run(tmp_path):
    mark = str(tmp_path / "ran")
    images = keras.Input((8, 8, 1))
    marking = keras.layers.Lambda(lambda x: (open(mark, "w").close(), x)[1])  # noqa: PTH123
    keras.Model(images, marking(images)).save(tmp_path / "a.keras")
    (tmp_path / "ran").unlink()
    with pytest.raises(FileError, match="Keras cannot read this model"):
        saving.load(tmp_path / "a.keras")
    assert not (tmp_path / "ran").exists()
