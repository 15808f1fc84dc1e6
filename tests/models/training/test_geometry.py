import keras
import pytest

from pipeline.training import geometry
from pipeline.training.geometry import GeometryError, Window


@pytest.mark.parametrize(
    ("size", "window", "expected"),
    [
        # The examples of cs231n: 7 pixels, AlexNet's first layer, padding that keeps the size.
        (7, Window(3, stride=1), 5),
        (7, Window(3, stride=2), 3),
        (227, Window(11, stride=4), 55),
        (32, Window(5, padding=2), 32),
        (28, Window(28), 1),
    ],
)
def test_output_size_of_published_examples(size, window, expected):
    assert geometry.output_size(size, window) == expected


@pytest.mark.parametrize("size", [9, 10, 28])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_output_size_is_what_keras_builds(size, kernel, stride):
    images = keras.Input((size, size, 1))
    built = keras.layers.Conv2D(1, kernel, strides=stride)(images)
    window = Window(kernel, stride)
    assert geometry.output_shape((size, size), window) == built.shape[1:3]


def test_each_axis_is_counted_by_itself():
    assert geometry.output_shape((28, 20), Window(5), Window(2, stride=2)) == (12, 8)


def test_a_stride_that_does_not_fit_evenly_is_told():
    assert geometry.unused_pixels(7, Window(3, stride=2)) == 0
    assert geometry.unused_pixels(10, Window(3, stride=3)) == 1
    assert geometry.unused_pixels(10, Window(3, stride=4)) == 3


def test_a_kernel_larger_than_its_padded_input_is_an_error_that_says_so():
    with pytest.raises(GeometryError, match=r"spans 7 pixels .* padded input of 6 pixels"):
        geometry.output_size(4, Window(7, padding=1))
    assert not geometry.fits((28, 4), Window(5))
    assert geometry.fits((28, 5), Window(5))


@pytest.mark.parametrize("wrong", [{"kernel": 0}, {"stride": 0}, {"padding": -1}])
def test_an_impossible_window_is_refused(wrong):
    with pytest.raises(GeometryError, match=next(iter(wrong))):
        Window(**{"kernel": 3, **wrong})


def test_same_padding_keeps_the_size():
    for kernel in (1, 3, 5, 7):
        window = Window(kernel, padding=geometry.same_padding(kernel))
        assert geometry.output_size(28, window) == 28
    with pytest.raises(GeometryError, match="odd"):
        geometry.same_padding(4)
