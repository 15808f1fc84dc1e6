"""The families for colour and depth: their published size, and that all they offer builds."""

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from pipeline.architectures import resnet
from pipeline.config.conditions import PLAIN
from pipeline.training import models
from pipeline.training.geometry import GeometryError
from pipeline.training.recipe import make_optimizer

COLOUR = (32, 32, 3)


@pytest.mark.parametrize(
    ("name", "shape", "parameters"),
    # He et al. 2016, table 6: ResNet-20 has 0.27 M; 1,376 of these are running means and
    # variances.
    [
        ("resnet", COLOUR, 271_098),
        ("vgg", COLOUR, 551_914),
        ("compact_cnn", (28, 28, 1), 54_922),
        ("airbench", COLOUR, 658_114),
        ("picture_cnn", (64, 64, 3), 396_666),
    ],
)
def test_the_default_has_the_size_that_its_file_states(name, shape, parameters):
    model, _ = models.build(name, {}, shape, 10)
    assert model.count_params() == parameters


def test_resnet_has_twenty_layers_with_weights_and_no_weights_on_its_shortcuts():
    model, _ = models.build("resnet", {}, COLOUR, 10)
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    assert sum(isinstance(layer, kinds) for layer in model.layers) == 20
    assert not [layer.name for layer in model.layers if "_pick" in layer.name and layer.weights]


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (32, 32, 3)])
@pytest.mark.parametrize("name", ["vgg", "resnet", "compact_cnn"])
def test_every_size_of_small_image_gives_probabilities(name, shape):
    values = {"resnet": {"blocks_a_stage": 1, "filters": 8}, "vgg": {"convolutions": 1}}.get(
        name, {}
    )
    for normalisation in ("batch", "group", "none"):
        model, _ = models.build(name, {**values, "normalisation": normalisation}, shape, 5)
        images = np.random.default_rng(1).integers(0, 256, (2, *shape)).astype(np.uint8)
        assert keras.ops.convert_to_numpy(model(images)).sum(axis=1) == pytest.approx(
            [1, 1], abs=1e-5
        )


def test_airbench_goes_down_to_nine_pixels_and_says_which_layer_does_not_fit_below():
    model, _ = models.build("airbench", {"filters": "32-64-128"}, (9, 9, 3), 5)
    assert keras.ops.convert_to_numpy(model(np.zeros((1, 9, 9, 3), "uint8"))).shape == (1, 5)
    with pytest.raises(GeometryError, match="layer 'pool_3'"):
        models.build("airbench", {}, (8, 8, 3), 5)


def test_a_resnet_shortcut_passes_pixels_on_and_fills_up_with_zeros():
    images = keras.Input((4, 4, 2))
    shortcut = keras.Model(images, resnet._shortcut(images, 5, 2, "x"))
    pixels = np.arange(32, dtype=np.float32).reshape(1, 4, 4, 2)
    given = keras.ops.convert_to_numpy(shortcut(pixels))
    assert np.array_equal(given[..., :2], pixels[:, ::2, ::2])
    assert not given[..., 2:].any()


def test_the_residual_networks_decay_is_as_strong_as_the_papers():
    """There it is added to the gradient: v = 0.9 v - 0.1 * 0.0001 w. Here Keras takes it off."""
    kernel = keras.Variable(np.ones(1, np.float32), name="kernel")
    optimizer = make_optimizer(resnet.RECIPE, PLAIN, steps=500)
    weight, velocity = 1.0, 0.0
    for _ in range(500):
        velocity = 0.9 * velocity - 0.1 * 0.0001 * weight
        weight += velocity
        optimizer.apply([keras.ops.zeros(1)], [kernel])
    assert 1 - float(keras.ops.convert_to_numpy(kernel)[0]) == pytest.approx(1 - weight, rel=0.03)


@pytest.mark.parametrize(("side", "crops"), [(8, [0, 2]), (28, [0, 2, 4])])
def test_no_more_is_cropped_than_leaves_half_of_each_side(side, crops):
    hp = HyperParameters()
    models.declare("compact_cnn", hp, (side, 40, 1), 2)
    (crop,) = [entry for entry in hp.space if entry.name == "crop"]
    assert crop.values == crops


@pytest.mark.parametrize(
    ("side", "stages", "filters"), [(8, 1, 32), (28, 3, 32), (48, 4, 16), (64, 4, 16), (128, 4, 16)]
)
def test_picture_cnn_halves_images_as_often_as_they_allow_and_ends_in_a_mean(side, stages, filters):
    model, _ = models.build("picture_cnn", {}, (side, side, 3), 5)
    pooled = [layer for layer in model.layers if layer.name.startswith("pool_")]
    assert len(pooled) == stages
    assert model.get_layer("conv_0_1").filters == filters
    images = np.random.default_rng(1).integers(0, 256, (2, side, side, 3)).astype(np.uint8)
    probabilities = keras.ops.convert_to_numpy(model(images))
    assert probabilities.sum(axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_picture_cnn_stays_small_whatever_the_search_draws():
    largest = {"filters": 32, "convolutions": 2, "stages": 4}
    model, _ = models.build("picture_cnn", largest, (64, 64, 3), 10)
    assert model.count_params() < 2_500_000


@pytest.mark.parametrize(("side", "left"), [(95, 95), (96, 48), (128, 64), (200, 50)])
def test_picture_cnn_does_no_more_work_on_large_images_than_on_small_ones(side, left):
    model, _ = models.build("picture_cnn", {}, (side, side, 3), 5)
    assert model.get_layer("conv_0_1").output.shape[1] == left
