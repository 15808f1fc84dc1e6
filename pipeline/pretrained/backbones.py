"""Backbones: networks with their published weights, of which the first layers are frozen."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.base.files import sha256
from pipeline.pretrained import lite0, torch_files
from pipeline.pretrained.pickles import WeightsError
from pipeline.pretrained.published import PUBLISHED
from pipeline.training.features import FROZEN_END

# Kernel and bias of each layer, by its name.
Weights = Mapping[str, list[NDArray[np.float32]]]


def _read_lite0(path: Path) -> Weights:
    return lite0.weights(torch_files.read(path))


# How the layers of each network are built (from scaled images, and the number of frozen blocks),
# and how its file is read.
NETWORKS: Mapping[
    str,
    tuple[Callable[[keras.KerasTensor, int], keras.KerasTensor], Callable[[Path], Weights]],
] = {"efficientnet_lite0": (lite0.build, _read_lite0)}


def apply(
    name: str,
    images: keras.KerasTensor,
    size: int,
    frozen: int,
    folder: Path = paths.WEIGHTS,
) -> keras.KerasTensor:
    """Build the layers of a backbone, with their published weights, from images to features [n, d].

    Grey images are repeated in three channels; all are resized to `size` pixels a side.

    Args:
        name: A key of `NETWORKS`.
        images: [n, h, w, 1 or 3], from 0 to 1.
        size: Pixels a side.
        frozen: How many blocks, from the first on, keep these weights (`lite0.build`).
        folder: Where `published.bring` has put the file of weights.

    Raises:
        WeightsError: there is no file of weights, or it is not the published one.
    """
    published, (build, _) = PUBLISHED[name], NETWORKS[name]
    weights = _weights(name, (folder / published.file.name).resolve())
    if images.shape[-1] == 1:
        images = keras.layers.Concatenate(name="three_channels")([images] * 3)
    if images.shape[1:3] != (size, size):
        images = keras.layers.Resizing(size, size, dtype="float32", name="resize")(images)
    scaled = keras.layers.Rescaling(
        255 / published.scale, -published.mean / published.scale, dtype="float32", name="normalise"
    )(images)
    features = build(scaled, frozen)
    network = keras.Model(scaled, features)
    for layer in network.layers:
        if layer.name in weights:
            layer.set_weights(weights[layer.name])
    for layer in keras.Model(scaled, network.get_layer(FROZEN_END).output).layers:
        layer.trainable = False
    return features


@cache
def _weights(name: str, path: Path) -> Weights:
    published = PUBLISHED[name]
    if not path.exists():
        raise WeightsError(f"{path}: no such file. Run `dvc repro download`.")
    digest = sha256(path)
    if digest != published.file.sha256:
        raise WeightsError(
            f"{path}: sha256 {digest}, expected {published.file.sha256}. Remove it and run "
            "`dvc repro download`."
        )
    return NETWORKS[name][1](path)
