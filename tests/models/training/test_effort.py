import keras
import numpy as np
import pytest

from pipeline.training import models
from pipeline.training.effort import multiply_adds

L = keras.layers


def counted(*layers, shape=(8, 8, 3)):
    return multiply_adds(keras.Sequential([keras.Input(shape), *layers]))


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([L.Conv2D(4, 3, padding="same")], 8 * 8 * 3 * 3 * 3 * 4),
        ([L.Conv2D(4, 3, strides=2)], 3 * 3 * 3 * 3 * 3 * 4),
        ([L.DepthwiseConv2D(5, padding="same")], 8 * 8 * 5 * 5 * 3),
        ([L.SeparableConv2D(4, 3, padding="same")], 8 * 8 * (3 * 3 * 3 + 3 * 4)),
        ([L.Conv2D(6, 3, padding="same", groups=3)], 8 * 8 * 3 * 3 * 1 * 6),
        ([L.Flatten(), L.Dense(5)], 8 * 8 * 3 * 5),
        ([L.Dense(5)], 8 * 8 * 3 * 5),  # at each place
        ([L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(), L.Dropout(0.5)], 0),
    ],
)
def test_multiply_adds_are_counted_by_hand(layers, expected):
    assert counted(*layers) == expected


def test_a_model_inside_a_model_counts():
    inner = keras.Sequential([keras.Input((8, 8, 3)), L.Flatten(), L.Dense(5)])
    assert counted(inner, L.Dense(2)) == 8 * 8 * 3 * 5 + 5 * 2


def test_lenet5_takes_what_its_layers_take():
    model, _ = models.build("lenet5", {}, (28, 28, 1), 10)
    expected = 28 * 28 * 25 * 6 + 10 * 10 * 25 * 6 * 16 + 400 * 120 + 120 * 84 + 84 * 10
    assert multiply_adds(model) == expected
    assert np.isscalar(multiply_adds(model))
