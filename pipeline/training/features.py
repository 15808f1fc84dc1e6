"""Features of images: the outputs of a model's frozen layers, computed once for each image.

A model of which the first layers are frozen is trained in two steps: its body, the frozen layers,
computes the features of every image; its head, the rest, is fitted to these. Body and head share
their weights with the model, so that the model itself is fitted afterwards.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.base.arrays import read_npy
from pipeline.base.files import FileError, replacing
from pipeline.base.locks import claimed
from pipeline.config.conditions import PLAIN, Conditions
from pipeline.running.terminal import say
from pipeline.training import backend
from pipeline.training.batches import Batches, SplitFolder

# The name of a layer that changes nothing: the layers before it are frozen.
FROZEN_END = "frozen_end"
# Small, because the wide first layers of a batch should stay in the processor's cache.
BATCH = 32


def marked(features: keras.KerasTensor) -> keras.KerasTensor:
    """Mark that the layers up to here are frozen."""
    return keras.layers.Activation("linear", name=FROZEN_END)(features)


class FeatureSplit(SplitFolder):
    """A split whose images are replaced by their features, float16 [n, ...].

    Attributes:
        files: Features of the images, and of the images mirrored left to right if these are used.
    """

    def __init__(self, split: SplitFolder, files: Sequence[Path]):
        super().__init__(split.folder)
        self.files = files

    def images(self, indices: NDArray[np.int64] | slice) -> NDArray:
        """Read the features of some images, float32 [k, ...]."""
        return np.load(self.files[0], mmap_mode="r")[indices].astype(np.float32)

    def batches(self, batch_size: int, seed: int, epoch: int) -> "FeatureBatches":
        """Return the batches for training, from some epoch on."""
        return FeatureBatches(self, batch_size, seed, epoch)

    def varied(self, indices: NDArray[np.int64], random: np.random.Generator) -> NDArray:
        """Read the features of some images, each at random those of its mirror image."""
        features = self.images(indices)
        if len(self.files) > 1:
            mirrored = np.flatnonzero(random.random(len(indices)) < 0.5)
            others = np.load(self.files[1], mmap_mode="r")
            features[mirrored] = others[indices[mirrored]].astype(np.float32)
        return features


class FeatureBatches(Batches):
    """The batches of features for training, as `Batches` has those of images."""

    split: FeatureSplit

    def __getitem__(self, number: int) -> tuple[NDArray, NDArray[np.int64]]:
        """Read batch `number`: features [b, ...] and labels [b]."""
        indices = self.order[number * self.batch_size : (number + 1) * self.batch_size]
        random = np.random.default_rng([self.seed or 0, self.epoch, number])
        return self.split.varied(indices, random), self.split.labels[indices]


def parted(model: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """Split a model into body and head; return None if none of its layers are frozen."""
    if FROZEN_END not in [layer.name for layer in model.layers]:
        return None
    features = model.get_layer(FROZEN_END).output
    return (
        keras.Model(model.input, features, name="body"),
        keras.Model(features, model.output, name="head"),
    )


@dataclass(frozen=True)
class Task:
    """A training of a model's head on features."""

    model: keras.Model
    conditions: Conditions
    train: FeatureSplit
    validation: FeatureSplit


def reduced(
    model: keras.Model,
    conditions: Conditions,
    train: SplitFolder,
    validation: SplitFolder,
    folder: Path,
) -> Task | None:
    """Compute the features for training a model's head; return None if no layers are frozen.

    Flips are the only augmentation that remains, by features of the mirror images. All others
    would need new features in each epoch.

    Args:
        model: The whole model; its head shares its weights.
        conditions: The settings that all models share.
        train: Training images.
        validation: Validation images.
        folder: Where features are kept (`split_features`).
    """
    parts = parted(model)
    if parts is None:
        return None
    body, head = parts
    flip = conditions.augment.flip
    return Task(
        head,
        conditions.model_copy(update={"augment": PLAIN.augment}),
        split_features(body, train, folder, mirrored=flip),
        split_features(body, validation, folder),
    )


def split_features(
    body: keras.Model, split: SplitFolder, folder: Path, *, mirrored: bool = False
) -> FeatureSplit:
    """Return the features of a split, computed now unless `folder` has them.

    Args:
        body: Takes uint8 images [n, h, w, c] and returns features [n, ...].
        split: The images.
        folder: Where features are kept by the fingerprint of all that they depend on; deleting it
            costs time and changes no result.
        mirrored: Whether to compute features of the images mirrored left to right, too.
    """
    files = []
    for flip in (False, True)[: 1 + mirrored]:
        file = folder / f"{_fingerprint(body, split, flip)}.npy"
        lock = file.with_suffix(".lock")
        with claimed(lock, lambda: say("waiting for another process that computes features")):
            if not _is_whole(file, (len(split), *body.output_shape[1:])):
                write(body, split.images, len(split), file, flip=flip)
        files.append(file)
    return FeatureSplit(split, files)


def _is_whole(file: Path, shape: tuple[int, ...]) -> bool:
    """Check that a file has features of this shape; a damaged one is written again."""
    try:
        return read_npy(file, np.float16, len(shape), mapped=True).shape == shape
    except FileError:
        return False


def write(
    body: keras.Model,
    images: Callable[[slice], NDArray[np.uint8]],
    count: int,
    path: Path,
    *,
    flip: bool = False,
) -> None:
    """Write the features of `count` images as a .npy file, float16 [count, ...], batch by batch.

    Args:
        body: Takes uint8 images [n, h, w, c] and returns features [n, ...].
        images: Returns some of the images, [n, h, w, c].
        count: How many there are.
        path: The file.
        flip: Whether to mirror the images left to right.
    """
    with replacing(path) as scratch:
        size = body.output_shape[1:]
        rows = np.lib.format.open_memmap(scratch, "w+", np.float16, (count, *size))
        if hasattr(os, "posix_fallocate"):  # not on macOS
            # A page of the map that finds no room on the disk would kill the process.
            with scratch.open("r+b") as stream:
                os.posix_fallocate(stream.fileno(), 0, scratch.stat().st_size)
        for place, batch in _batches(images, count, flip):
            rows[place] = body.predict_on_batch(batch)[: place.stop - place.start]
        rows.flush()


def _batches(
    images: Callable[[slice], NDArray[np.uint8]], count: int, flip: bool
) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
    """Read the images in batches of one size: the last is filled up with its last image."""
    for begin in range(0, count, BATCH):
        place = slice(begin, min(begin + BATCH, count))
        batch = images(place)
        missing = BATCH - len(batch)
        # Another size would be compiled anew, and might choose other kernels.
        batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
        yield place, batch[:, :, ::-1] if flip else batch


def _fingerprint(body: keras.Model, split: SplitFolder, flip: bool) -> str:
    described = {
        "layers": body.get_config(),
        "weights": _digest(body.get_weights()),
        "images": split.digest,
        "flip": flip,
        "software": backend.software(),
    }
    text = json.dumps(described, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _digest(weights: list[NDArray]) -> str:
    total = hashlib.sha256()
    for values in weights:
        total.update(values.tobytes())
    return total.hexdigest()
