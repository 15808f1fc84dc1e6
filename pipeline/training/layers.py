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
    """Return the window of a square layer; "same" means (kernel - 1) / 2 zeros at each end."""
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
        GeometryError: the kernel is larger than its padded input; the message has the layer's name.
    """
    shape = window(kernel, stride, padding)
    _check(images, shape, name)
    if stride > 1 and shape.padding:
        # Keras' own "same" pads unevenly at stride 2, but the formula needs equal padding.
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
        GeometryError: the square is larger than its input; the message has the layer's name.
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
        # With Keras' 0.99 the initial values still count after hundreds of steps, so a short trial
        # would be scored with the wrong mean and variance.
        return BatchNormalization(momentum=0.9, name=name)(images)
    return keras.layers.GroupNormalization(groups=math.gcd(8, images.shape[-1]), name=name)(images)


def uneven_layers(model: keras.Model) -> list[str]:
    """List the layers whose stride does not fit their input evenly, which leaves pixels unused."""
    report = []
    for layer in model.layers:
        kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        if kernel is None or layer.padding == "same":
            continue
        before = layer.input._keras_history.operation
        # The zeros that `convolution` added at the far end; leaving them out is no loss.
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
