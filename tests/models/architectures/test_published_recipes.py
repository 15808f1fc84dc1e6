"""Defaults are the published recipes, and the default search spaces are pinned."""

import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from pipeline.base.errors import ConvoyError
from pipeline.training import models
from pipeline.training.geometry import GeometryError
from pipeline.training.recipe import Recipe

MNIST = (28, 28, 1)


@pytest.mark.parametrize(
    ("architecture", "parameters", "recipe"),
    [
        ("simple_cnn", 596_042, Recipe("adam", 0.001, 32)),
        ("lenet5", 61_706, Recipe("sgd", 0.1, 128)),
        ("mlp", 101_770, Recipe("adam", 0.001, 128)),
    ],
)
def test_default_is_the_published_recipe(architecture, parameters, recipe):
    model, chosen = models.build(architecture, {}, MNIST, 10)
    assert model.count_params() == parameters
    assert chosen == recipe


def layers_of(architecture):
    model, _ = models.build(architecture, {}, MNIST, 10)
    kept = ("filters", "kernel_size", "padding", "pool_size", "rate", "units", "activation")
    described = []
    for layer in model.layers[2:-1]:
        config = layer.get_config()
        described.append((type(layer).__name__, *(config[key] for key in kept if key in config)))
    return described


def test_simple_cnn_layer_by_layer():
    assert layers_of("simple_cnn") == [
        ("Conv2D", 16, (3, 3), "valid", "relu"),
        ("Conv2D", 32, (3, 3), "valid", "relu"),
        ("MaxPooling2D", "valid", (2, 2)),
        ("Dropout", 0.25),
        ("Flatten",),
        ("Dense", 128, "relu"),
        ("Dropout", 0.5),
        ("Dense", 10, "linear"),
    ]


def test_lenet5_layer_by_layer():
    assert layers_of("lenet5") == [
        ("Conv2D", 6, (5, 5), "same", "sigmoid"),
        ("AveragePooling2D", "valid", (2, 2)),
        ("Conv2D", 16, (5, 5), "valid", "sigmoid"),
        ("AveragePooling2D", "valid", (2, 2)),
        ("Flatten",),
        ("Dense", 120, "sigmoid"),
        ("Dense", 84, "sigmoid"),
        ("Dense", 10, "linear"),
    ]


def space(architecture, shape=MNIST):
    hp = HyperParameters()
    models.declare(architecture, hp, shape, 10)
    found = {}
    for entry in hp.space:
        config = entry.get_config()
        values = config.get("values") or (config["min_value"], config["max_value"])
        found[entry.name] = (values, entry.default)
    return found


TRAINING = {
    "sgd_learning_rate": (0.03, 0.3),
    "nesterov_learning_rate": (0.005, 0.2),
    "adam_learning_rate": (0.0003, 0.01),
    "adamw_learning_rate": (0.0003, 0.01),
    "nesterov_weight_decay": (0.0001, 0.02),
    "adamw_weight_decay": (0.001, 0.1),
    "batch_size": [32, 64, 128, 256, 512],
    "optimizer": ["sgd", "nesterov", "adam", "adamw"],
}


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        (
            "mlp",
            {
                "activation": (["relu", "tanh", "gelu"], "relu"),
                "dropout": ((0.0, 0.5), 0.0),
                "layers": ((1, 3), 1),
                "units_1": ([32, 64, 128, 256, 512], 128),
                "units_2": ([32, 64, 128, 256, 512], 128),
                "units_3": ([32, 64, 128, 256, 512], 128),
            },
        ),
        (
            "simple_cnn",
            {
                "kernel": ([3, 5], 3),
                "padding": (["valid", "same"], "valid"),
                "activation": (["relu", "gelu"], "relu"),
                "pooling": (["max", "average"], "max"),
                "block_dropout": ((0.0, 0.5), 0.25),
                "blocks": ((1, 2), 1),
                "filters_1a": ([8, 16, 32], 16),
                "filters_1b": ([16, 32, 64], 32),
                "filters_2a": ([8, 16, 32], 16),
                "filters_2b": ([16, 32, 64], 32),
                "dense_units": ([32, 64, 128, 256], 128),
                "dense_dropout": ((0.0, 0.5), 0.5),
            },
        ),
        (
            "lenet5",
            {
                "activation": (["sigmoid", "tanh", "relu"], "sigmoid"),
                "pooling": (["average", "max"], "average"),
                "filters_1": ([6, 12, 24], 6),
                "filters_2": ([16, 32, 64], 16),
                "dense_units_1": ([60, 120, 240], 120),
                "dense_units_2": ([42, 84, 168], 84),
                "dropout": ((0.0, 0.5), 0.0),
            },
        ),
    ],
)
def test_default_search_space_is_pinned(architecture, expected):
    found = space(architecture)
    training = {name: found.pop(name)[0] for name in TRAINING}
    assert found == expected
    assert training == TRAINING


def test_the_search_leaves_out_what_cannot_be_built():
    """With 5×5 kernels and no padding a block takes 28 to 10 and 10 to 1; 16 pixels hold one."""
    assert space("simple_cnn", (28, 28, 1))["blocks"][0] == (1, 2)
    assert "filters_2a" not in space("simple_cnn", (16, 16, 3))


def test_images_too_small_for_an_architecture_are_an_error_that_names_the_layer():
    with pytest.raises(GeometryError, match="layer 'conv_2'"):
        models.build("lenet5", {}, (8, 8, 1), 10)


def test_an_unknown_hyperparameter_is_refused():
    with pytest.raises(ConvoyError, match=r"no such hyperparameter here: filters\. It declares"):
        models.build("simple_cnn", {"filters": 8}, MNIST, 10)


@pytest.mark.parametrize("architecture", ["mlp", "simple_cnn", "lenet5"])
def test_uint8_in_probabilities_out_and_loss_falls_on_one_batch(architecture):
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    labels = np.arange(16) % 4
    pictures = (rng.integers(0, 60, (16, 28, 28, 1)) + 60 * labels[:, None, None, None]).astype(
        "uint8"
    )
    model, _ = models.build(architecture, {}, MNIST, 4)
    probabilities = model.predict(pictures, verbose=0)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(16), abs=1e-5)
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy")
    before = model.evaluate(pictures, labels, verbose=0)
    model.fit(pictures, labels, epochs=60, verbose=0)
    assert model.evaluate(pictures, labels, verbose=0) < before / 2
