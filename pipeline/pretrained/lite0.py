"""EfficientNet-Lite0: the network in Keras' own layers, and its published weights.

Source: Liu 2020, "Higher accuracy on vision models with EfficientNet-Lite": EfficientNet-B0 (Tan
and Le 2019, table 1) without squeeze-and-excitation, with ReLU6 in place of swish, stem and last
convolution as wide in every size of the family. Without the classifier the file has 3,413,024
numbers and the network here 3,350,000 parameters: each batch normalisation is folded into the
convolution before it, because at inference both together are one linear map.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.pretrained import torch_files
from pipeline.pretrained.pickles import WeightsError
from pipeline.training.features import marked

# Repeats, kernel, stride of the first, expansion and filters of each stage: Tan and Le, table 1.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, FEATURES = 32, 1280
BLOCKS = sum(stage[0] for stage in STAGES)
# TensorFlow's models of this family were trained with it.
EPSILON = 1e-3


class Lite0:
    """The network as `backbones.Network` asks for it."""

    blocks = BLOCKS

    def apply(self, images: keras.KerasTensor, frozen: int, path: Path) -> keras.KerasTensor:
        """Build the layers with their published weights, from images to features [n, 1280]."""
        features = build(images, frozen)
        values = _read(path)
        for layer in keras.Model(images, features).layers:
            if layer.name in values:
                layer.set_weights(values[layer.name])
        return features


@cache
def _read(path: Path) -> Mapping[str, list[NDArray[np.float32]]]:
    """Read the weights once in a process, because every trial needs them."""
    return weights(torch_files.read(path))


def build(images: keras.KerasTensor, frozen: int) -> keras.KerasTensor:
    """Build the layers from images [n, h, w, 3], scaled as in training, to features [n, 1280].

    Args:
        images: Scaled images.
        frozen: After so many of the 16 blocks, or at the end (17), a layer `FROZEN_END`, which
            changes nothing, marks where training begins.
    """
    features = _convolved(images, STEM, 3, "stem", stride=2)
    number = 0
    for repeats, kernel, first_stride, expansion, filters in STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            features = _block(features, f"block_{number}", kernel, stride, expansion, filters)
            number += 1
            if number == frozen:
                features = marked(features)
    features = _convolved(features, FEATURES, 1, "head")
    # Means over 25 pixels and more need all digits, whatever the precision.
    features = keras.layers.GlobalAveragePooling2D(name="pool", dtype="float32")(features)
    return marked(features) if frozen > number else features


def _block(
    images: keras.KerasTensor, name: str, kernel: int, stride: int, expansion: int, filters: int
) -> keras.KerasTensor:
    """Widen, convolve each channel on its own, narrow; add the input where it has that shape."""
    channels = images.shape[-1]
    inner = images
    if expansion > 1:
        inner = _convolved(inner, expansion * channels, 1, f"{name}_expand")
    inner = keras.layers.DepthwiseConv2D(kernel, stride, padding="same", name=f"{name}_depthwise")(
        inner
    )
    inner = keras.layers.ReLU(6.0, name=f"{name}_depthwise_relu")(inner)
    inner = keras.layers.Conv2D(filters, 1, name=f"{name}_project")(inner)
    if stride == 1 and channels == filters:
        inner = keras.layers.Add(name=f"{name}_add")([inner, images])
    return inner


def _convolved(
    images: keras.KerasTensor, filters: int, kernel: int, name: str, stride: int = 1
) -> keras.KerasTensor:
    convolved = keras.layers.Conv2D(filters, kernel, stride, padding="same", name=name)(images)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(convolved)


def weights(tensors: Mapping[str, NDArray]) -> dict[str, list[NDArray[np.float32]]]:
    """Convert PyTorch's tensors to kernel and bias of each layer of `build`, by its name.

    Raises:
        WeightsError: a tensor is missing, or of another shape than its layer.
    """
    converted = {
        "stem": _folded(tensors, "_conv_stem", "_bn0"),
        "head": _folded(tensors, "_conv_head", "_bn1"),
    }
    for number in range(BLOCKS):
        parts = [("depthwise", "_bn1"), ("project", "_bn2")]
        if number > 0:  # the first block does not widen
            parts.insert(0, ("expand", "_bn0"))
        for part, normalisation in parts:
            block = f"_blocks.{number}."
            converted[f"block_{number}_{part}"] = _folded(
                tensors, f"{block}_{part}_conv", block + normalisation
            )
    return converted


def _folded(tensors: Mapping[str, NDArray], convolution: str, norm: str) -> list[NDArray]:
    """Fold a batch normalisation into the convolution before it (Jacob et al. 2018, 3.2).

    Returns:
        Kernel [h, w, in, out] (depthwise: [h, w, channels, 1]) and bias [out].
    """
    names = [f"{convolution}.weight"]
    names += [f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
    missing = [name for name in names if name not in tensors]
    if missing:
        raise WeightsError(f"no tensor {', '.join(missing)}: not the weights of EfficientNet-Lite0")
    kernel, gamma, beta, mean, variance = (tensors[name].astype(np.float64) for name in names)
    scale = gamma / np.sqrt(variance + EPSILON)
    kernel = np.transpose(kernel * scale.reshape(-1, 1, 1, 1), (2, 3, 1, 0))
    if "depthwise" in convolution:
        kernel = np.swapaxes(kernel, 2, 3)
    return [kernel.astype(np.float32), (beta - mean * scale).astype(np.float32)]
