"""Backbones: networks with their published weights, of which the first layers are frozen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import keras
from keras_tuner import HyperParameters

from pipeline.base import paths
from pipeline.base.files import digest
from pipeline.pretrained import keras_networks
from pipeline.pretrained.lite0 import Lite0
from pipeline.pretrained.pickles import WeightsError
from pipeline.pretrained.published import PUBLISHED
from pipeline.training.features import FROZEN_END
from pipeline.training.recipe import Recipe

# How their last blocks are trained. Gradient descent without Adam was far behind
# (docs/folders.md), so a search does not draw it.
RECIPE = Recipe(
    optimizer="adamw",
    learning_rate=1e-3,
    batch_size=32,
    weight_decay=1e-2,
    offered=("adam", "adamw"),
)


class Network(Protocol):
    """A network that can be built with its published weights."""

    @property
    def blocks(self) -> int:
        """Number of blocks."""

    def apply(self, images: keras.KerasTensor, frozen: int, path: Path) -> keras.KerasTensor:
        """Build the layers, with the weights in a file, from scaled images to features [n, d].

        After `frozen` blocks, or at the end, a layer `FROZEN_END`, which changes nothing, marks
        where training begins.
        """


NETWORKS: Mapping[str, Network] = {
    "efficientnet_lite0": Lite0(),
    "efficientnet_b0": keras_networks.B0,
    "efficientnet_v2b0": keras_networks.V2B0,
}


def build(name: str, hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build an architecture: a backbone on images that are resized to `resolution` pixels a side.

    Args:
        name: A key of `NETWORKS`.
        hp: What the search varies is declared here.
        images: [n, h, w, 1 or 3], from 0 to 1.
    """
    blocks = NETWORKS[name].blocks
    resolution = hp.Choice("resolution", [128, 160, 192, 224], default=192)
    # The last four blocks are trained further, or the last one, or none and no other layer.
    frozen = hp.Choice("frozen_blocks", [blocks - 4, blocks - 1, blocks + 1], default=blocks - 4)
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.2)
    features = apply(name, images, resolution, frozen)
    return keras.layers.Dropout(dropout, name="dropout")(features) if dropout else features


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
        frozen: How many blocks, from the first on, keep these weights (`Network.apply`).
        folder: Where `arrival.bring` has put the file of weights.

    Raises:
        WeightsError: there is no file of weights, or it is not the published one.
    """
    published = PUBLISHED[name]
    path = _checked(name, folder / published.file.name)
    if images.shape[-1] == 1:
        images = keras.layers.Concatenate(name="three_channels")([images] * 3)
    if images.shape[1:3] != (size, size):
        images = keras.layers.Resizing(size, size, dtype="float32", name="resize")(images)
    scaled = keras.layers.Rescaling(
        255 / published.scale, -published.mean / published.scale, dtype="float32", name="normalise"
    )(images)
    features = NETWORKS[name].apply(scaled, frozen, path)
    network = keras.Model(scaled, features)
    for layer in keras.Model(scaled, network.get_layer(FROZEN_END).output).layers:
        layer.trainable = False
    return features


def _checked(name: str, path: Path) -> Path:
    """Return the absolute path of a file of weights that is the published one.

    It may be a link into DVC's cache, whose files have other names: Keras goes by the name.
    """
    file = PUBLISHED[name].file
    if not path.exists():
        raise WeightsError(f"{path}: no such file. Run `dvc repro download`.")
    found = digest(path, file.kind)
    if found != file.digest:
        raise WeightsError(
            f"{path}: {file.kind} {found}, expected {file.digest}. Remove it and run "
            "`dvc repro download`."
        )
    return path.absolute()
