"""The network is the published one: what PyTorch makes of an image is what Keras makes of it."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.base.errors import ConvoyError
from pipeline.pretrained import backbones, lite0, published

REFERENCE = json.loads((Path(__file__).parent / "lite0_reference.json").read_text())
# Of 97 pixels no stride leaves a whole number, so that it matters which side is padded.
SIZES = [97, 224]


def picture(size):
    """Draw waves in three colours, uint8 [1, size, size, 3]."""
    rows, columns, colours = np.ogrid[0:size, 0:size, 0:3]
    return ((rows * (3 + colours) + columns * (7 - 2 * colours)) % 256).astype(np.uint8)[None]


def network(size, weights, frozen=17):
    images = keras.Input((size, size, 3), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 255)(images)
    features = backbones.apply("efficientnet_lite0", scaled, size, frozen, weights)
    return keras.Model(images, features)


@pytest.mark.parametrize("size", SIZES)
def test_features_are_those_that_pytorch_computed(size, weights):
    features = network(size, weights).predict(picture(size), verbose=0)
    expected = REFERENCE[str(size)]
    assert features.shape == (1, lite0.FEATURES)
    # Every 40th of them.
    assert features[0, ::40] == pytest.approx(expected["features"], abs=1e-4)
    assert np.linalg.norm(features) == pytest.approx(expected["norm"], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_features_are_those_that_pytorch_computes_here(size, weights):
    pytest.importorskip("torch")
    from support.lite0_in_torch import features

    path = weights / published.PUBLISHED["efficientnet_lite0"].file.name
    noise = np.random.default_rng(1).integers(0, 256, (2, size, size, 3)).astype(np.uint8)
    images = np.concatenate([picture(size), noise])
    expected = features(path, images)
    assert network(size, weights).predict(images, verbose=0) == pytest.approx(expected, abs=1e-4)
    stated = REFERENCE[str(size)]["features"]
    assert expected[0, ::40] == pytest.approx(stated, abs=1e-5)


def test_parameters_are_as_published(weights):
    assert network(64, weights).count_params() == 3_350_000


@pytest.mark.parametrize(("frozen", "trained"), [(17, 0), (16, 1), (15, 4), (12, 13)])
def test_only_layers_behind_the_mark_are_trained(frozen, trained, weights):
    """Each block has three convolutions, and one more follows the last block."""
    model = network(64, weights, frozen)
    assert sum(bool(layer.trainable_variables) for layer in model.layers) == trained


def test_grey_images_are_as_colour_images_without_colour(weights):
    grey = picture(64)[..., :1]
    answers = []
    for images in (grey, np.repeat(grey, 3, axis=3)):
        inputs = keras.Input(images.shape[1:], dtype="uint8")
        scaled = keras.layers.Rescaling(1 / 255)(inputs)
        features = backbones.apply("efficientnet_lite0", scaled, 96, 17, weights)
        answers.append(keras.Model(inputs, features).predict(images, verbose=0))
    assert np.array_equal(*answers)


def test_missing_or_altered_weights_are_refused(tmp_path):
    with pytest.raises(ConvoyError, match=r"no such file. Run `dvc repro download`"):
        network(64, tmp_path)
    (tmp_path / published.PUBLISHED["efficientnet_lite0"].file.name).write_bytes(b"other")
    with pytest.raises(ConvoyError, match=r"sha256 \w+, expected 57934424"):
        network(64, tmp_path)


def test_weights_of_another_network_are_refused():
    with pytest.raises(ConvoyError, match=r"no tensor _conv_stem\.weight, _bn0\.weight, "):
        lite0.weights({"fc.weight": np.zeros((2, 2), "float32")})
