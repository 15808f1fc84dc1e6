"""The effort of classifying one image with a model: a count, the same on every machine."""

from math import prod

import keras

KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


def multiply_adds(model: keras.Model) -> int:
    """Count the multiplications, each with an addition, that one image takes.

    Each number of a layer's kernel is used once at each place of the layer's output, so a layer
    takes as many as its kernel has numbers, times height and width of its output: for a convolution
    h * w * k * k * c_in * c_out, with one filter a channel h * w * k * k * c, for a dense layer
    n_in * n_out (Howard et al. 2017, "MobileNets", 3.1). Layers without a kernel, such as
    normalisation, activation and pooling, are left out, as is usual; in the models here they are
    few beside these. Frozen layers count like the others.
    """
    return sum(map(_of_layer, model.layers))


def _of_layer(layer: keras.Layer) -> int:
    if isinstance(layer, keras.Model):
        return multiply_adds(layer)
    # A separable convolution has two kernels.
    kernels = [getattr(layer, name, None) for name in KERNELS]
    numbers = sum(prod(kernel.shape) for kernel in kernels if kernel is not None)
    return numbers * prod(layer.output.shape[1:-1]) if numbers else 0
