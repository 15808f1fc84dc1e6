import keras
import pytest

from pipeline.training import layers, models
from pipeline.training.geometry import GeometryError


def images(size=28):
    return keras.Input((size, size, 1))


@pytest.mark.parametrize(
    ("stride", "padding", "size"),
    [(1, "valid", 24), (1, "same", 28), (2, "valid", 12), (2, "same", 14)],
)
def test_convolution_has_the_size_the_formula_gives(stride, padding, size):
    out = layers.convolution(images(), 4, 5, stride=stride, padding=padding, name="conv")
    assert out.shape == (None, size, size, 4)


def test_a_layer_that_does_not_fit_is_named():
    with pytest.raises(GeometryError, match="layer 'conv_2': a kernel that spans 5"):
        layers.convolution(images(4), 4, 5, name="conv_2")
    with pytest.raises(GeometryError, match="layer 'pool'"):
        layers.pooling(images(1), "max", 2, name="pool")


def test_uneven_strides_are_reported_by_layer():
    inputs = images(27)
    features = layers.convolution(inputs, 2, 3, stride=2, name="even")
    features = layers.pooling(features, "average", 2, name="uneven")
    model = keras.Model(inputs, features)
    assert layers.uneven_layers(model) == [
        "uneven: stride 2 leaves 1 of 13 rows",
        "uneven: stride 2 leaves 1 of 13 columns",
    ]


def test_zeros_that_a_stride_leaves_out_are_no_loss():
    model, _ = models.build("resnet", {}, (32, 32, 3), 10)
    assert layers.uneven_layers(model) == []
