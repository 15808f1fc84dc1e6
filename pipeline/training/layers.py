"""Layers that check their own geometry before Keras builds anything."""

import math
from typing import Literal

import keras

from pipeline.training import geometry
from pipeline.training.geometry import GeometryError, Window
from pipeline.training.normalisation import BatchNormalization

Padding = Literal["valid", "same"]
NORMALISATIONS = ["batch", "group", "none"]


def window(kernel: int, stride: int = 1, padding: Padding = "valid") -> Window:
    """Describe a square layer along one axis; "same" means (kernel - 1) / 2 zeros at each end."""
    zeros = geometry.same_padding(kernel) if padding == "same" else 0
    return Window(kernel, stride, zeros)


def convolution(
    images: keras.KerasTensor,
    filters: int,
    kernel: int,
    *,
    name: str,
    stride: int = 1,
    padding: Padding = "valid",
    activation: str = "relu",
    bias: bool = True,
) -> keras.KerasTensor:
    """Convolve with a square kernel: [n, h, w, c] to [n, h', w', filters], h' by `geometry`.

    Raises:
        GeometryError: the kernel is larger than its padded input; the message names the layer.
    """
    shape = window(kernel, stride, padding)
    _check(images, shape, name)
    if stride > 1 and shape.padding:
        # Keras' own "same" pads unevenly at stride 2; equal zeros are what the formula says.
        images = keras.layers.ZeroPadding2D(shape.padding, name=f"{name}_padding")(images)
        padding = "valid"
    return keras.layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding=padding,
        activation=activation,
        use_bias=bias,
        name=name,
    )(images)


def pooling(
    images: keras.KerasTensor, kind: Literal["max", "average"], size: int, *, name: str
) -> keras.KerasTensor:
    """Take the maximum or the mean of each size × size square: [n, h, w, c] to [n, h', w', c].

    Raises:
        GeometryError: the square is larger than its input; the message names the layer.
    """
    _check(images, Window(size, stride=size), name)
    layer = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}[kind]
    return layer(pool_size=size, name=name)(images)


def normalisation(images: keras.KerasTensor, kind: str, *, name: str) -> keras.KerasTensor:
    """Normalise [n, h, w, c] over the batch, over up to 8 groups of channels, or not at all.

    Source: Ioffe and Szegedy 2015 ("batch"); Wu and He 2018 ("group").
    """
    if kind == "none":
        return images
    if kind == "batch":
        # Keras' 0.99 takes hundreds of steps to forget the start: a short trial would be judged
        # with statistics of images it never saw.
        return BatchNormalization(momentum=0.9, name=name)(images)
    return keras.layers.GroupNormalization(groups=math.gcd(8, images.shape[-1]), name=name)(images)


def uneven_layers(model: keras.Model) -> list[str]:
    """Say in words where a stride does not fit its input evenly, so that pixels go unused."""
    report = []
    for layer in model.layers:
        kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        if kernel is None or layer.padding == "same":
            continue
        before = layer.input._keras_history.operation
        # What `convolution` has added at the far end: to leave out zeros is no loss.
        zeros = before.padding[0][1] if isinstance(before, keras.layers.ZeroPadding2D) else 0
        _, height, width, _ = layer.input.shape
        for axis, size, extent, stride in zip(
            ("rows", "columns"), (height, width), kernel, layer.strides, strict=True
        ):
            unused = geometry.unused_pixels(size, Window(extent, stride)) - zeros
            if unused > 0:
                report.append(f"{layer.name}: stride {stride} leaves {unused} of {size} {axis}")
    return report


def _check(images: keras.KerasTensor, shape: Window, name: str) -> None:
    _, height, width, _ = images.shape
    try:
        geometry.output_shape((height, width), shape)
    except GeometryError as error:
        raise GeometryError(f"layer {name!r}: {error}") from None
