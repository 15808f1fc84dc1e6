"""Heat maps of networks whose answer depends on a known part of the image."""

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from pipeline.base.errors import ConvoyError
from pipeline.evaluation.heat_maps import laid_over, layer_cam, layer_for
from pipeline.training import models

SIDE = 16
FAMILIES = ["airbench", "compact_cnn", "lenet5", "picture_cnn", "resnet", "simple_cnn", "vgg"]


def corner_reader(crop=0):
    """Build a network whose logit of class 1 sums the top left quarter, and of class 0 the rest."""
    images = keras.Input((SIDE, SIDE, 1), dtype="uint8", name="images")
    x = keras.layers.Rescaling(1 / 255)(images)
    x = keras.layers.Cropping2D(crop)(x) if crop else x
    x = keras.layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones")(x)
    side = SIDE - 2 * crop
    weights = np.zeros((side, side, 2), np.float32)
    weights[..., 0] = 1
    weights[: side // 2, : side // 2] = [0, 1]
    x = keras.layers.Flatten()(x)
    logits = keras.layers.Dense(2, use_bias=False, name="logits")
    model = keras.Model(images, keras.layers.Softmax()(logits(x)))
    logits.set_weights([weights.reshape(-1, 2)])
    return model


def test_the_heat_is_where_the_class_is_read_from():
    image = np.full((2, SIDE, SIDE, 1), 255, np.uint8)
    rest, corner = layer_cam(corner_reader(), image, [0, 1])
    half = SIDE // 2
    assert corner[:half, :half].min() == corner.max() == 1
    assert corner[half:].max() == corner[:, half:].max() == 0
    assert np.array_equal(rest, 1 - corner)


def test_what_the_network_cuts_off_has_no_heat():
    image = np.full((1, SIDE, SIDE, 1), 255, np.uint8)
    (heat,) = layer_cam(corner_reader(crop=4), image, [1])
    assert heat.shape == (SIDE, SIDE)
    assert heat[4:8, 4:8].min() == 1
    assert heat[:4].max() == heat[:, :4].max() == heat[8:].max() == 0


def test_an_image_without_any_evidence_has_an_empty_map():
    (heat,) = layer_cam(corner_reader(), np.zeros((1, SIDE, SIDE, 1), np.uint8), [1])
    assert heat.max() == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_every_convolutional_architecture_has_maps(family):
    keras.utils.set_random_seed(1)
    model, _ = models.declare(family, HyperParameters(), (32, 32, 3), 4, "mixed_bfloat16")
    images = np.random.default_rng(0).integers(256, size=(2, 32, 32, 3), dtype=np.uint8)
    for network in (model, models.mirrored(model)):
        maps = layer_cam(network, images, [0, 3])
        assert maps.shape == (2, 32, 32)
        assert 0 <= maps.min() <= maps.max() <= 1


def test_frozen_layers_have_heat_as_well():
    model = corner_reader()
    model.trainable = False
    assert layer_cam(model, np.full((1, SIDE, SIDE, 1), 255, np.uint8), [1]).max() == 1


def test_a_network_without_convolution_has_none():
    model, _ = models.declare("mlp", HyperParameters(), (8, 8, 1), 3)
    assert layer_for(model) is None
    assert layer_cam(model, np.zeros((1, 8, 8, 1), np.uint8), [0]) is None


def test_without_tensorflow_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ConvoyError, match=r"KERAS_BACKEND = 'jax'.*Unset it"):
        layer_cam(corner_reader(), np.zeros((1, SIDE, SIDE, 1), np.uint8), [0])


def test_the_overlay_is_the_image_where_there_is_no_heat():
    image = np.random.default_rng(0).integers(256, size=(4, 4, 1), dtype=np.uint8)
    heat = np.zeros((4, 4), np.float32)
    heat[0, 0] = 1
    over = laid_over(image, heat)
    assert np.array_equal(over[1:], np.repeat(image[1:], 3, axis=2))
    assert over[0, 0, 0] > over[0, 0, 2]
