"""The receptive field against arithmetic by hand, and against what really changes an output."""

import keras
import numpy as np
import pytest

from pipeline.training.receptive_field import receptive_fields


def test_the_fields_of_lenet_by_hand():
    images = keras.Input((28, 28, 1), name="images")
    x = keras.layers.Conv2D(6, 5, name="c1")(images)
    x = keras.layers.AveragePooling2D(2, name="s2")(x)
    x = keras.layers.Conv2D(16, 5, name="c3")(x)
    x = keras.layers.MaxPooling2D(2, name="s4")(x)
    model = keras.Model(images, keras.layers.Dense(10, name="f5")(keras.layers.Flatten()(x)))
    assert receptive_fields(model) == {"images": 1, "c1": 5, "s2": 6, "c3": 14, "s4": 16}


@pytest.mark.parametrize("dilation", [1, 2])
def test_no_pixel_outside_the_field_changes_a_value_and_those_at_its_edge_do(dilation):
    keras.utils.set_random_seed(3)
    images = keras.Input((31, 31, 1))
    x = keras.layers.Conv2D(2, 3, dilation_rate=dilation, padding="same")(images)
    skip = keras.layers.Conv2D(2, 1)(x)
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    x = keras.layers.Add(name="add")([x, skip])
    x = keras.layers.MaxPooling2D(3, strides=2, padding="same", name="last")(x)
    model = keras.Model(images, x)
    field = receptive_fields(model)["last"]
    # One picture a row of pixels, and the last without any; large, so that a maximum notices it.
    pictures = np.zeros((32, 31, 31, 1), np.float32)
    pictures[range(31), range(31), :, 0] = np.linspace(-99, 99, 31)
    values = model.predict(pictures, verbose=0)[:, 8, 8]
    reached = [not np.array_equal(values[row], values[-1]) for row in range(31)]
    assert sum(reached) == field


def test_a_resized_image_counts_in_its_own_pixels():
    images = keras.Input((8, 8, 3))
    x = keras.layers.Resizing(16, 16)(images)
    x = keras.layers.Conv2D(4, 5, name="conv")(x)
    assert receptive_fields(keras.Model(images, x))["conv"] == 3
