"""The reader of the splits on disk, which loads one batch at a time and never a whole split.

A split is a folder with `images.npy` (uint8, [n, height, width, channels]), `labels.npy`
(int64, [n]) and `classes.json` (the class names, in label order). If the images were picture files,
`files.csv` has the path of each and `pictures.json` what they are called and how they were resized.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypedDict  # pydantic cannot use that of Python 3.11

from pipeline.base.arrays import read_npy
from pipeline.base.files import FileError, read_csv, read_json, remedy, sha256, write_json
from pipeline.base.parsing import shortened
from pipeline.config.fields import Fit

INFERENCE_BATCH = 500


class PictureFacts(TypedDict, total=False):
    """What is known of images that were picture files."""

    folder: str
    fit: Fit


class SplitFolder:
    """One split on disk. Labels are read once, images only when they are requested."""

    def __init__(self, folder: Path):
        self.folder = folder

    @cached_property
    def classes(self) -> list[str]:
        """The class names, in label order."""
        return read_json(self.folder / "classes.json", list[str])

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The label of every image, [n].

        Raises:
            FileError: the file is damaged, or does not fit the images or the classes.
        """
        file = self.folder / "labels.npy"
        labels = read_npy(file, np.int64, 1)
        shape, classes = self._map().shape, len(self.classes)
        images = shape[0]
        if 0 in shape[1:]:
            raise FileError(f"{self.folder}/images.npy: no pixels, {shape}. {remedy(file)}")
        if len(labels) != images:
            raise FileError(f"{file}: {len(labels)} labels of {images} images. {remedy(file)}")
        if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
            raise FileError(
                f"{file}: labels from {labels.min()} to {labels.max()}; allowed: 0 to "
                f"{classes - 1}. {remedy(file)}"
            )
        return labels

    @cached_property
    def picture_files(self) -> list[str] | None:
        """The path of each image in the user's folder, [n]; None if they were no picture files."""
        table = self.folder / "files.csv"
        if not table.exists():
            return None
        files = [row["file"] for row in read_csv(table, {"file": str})]
        if len(files) != len(self):
            raise FileError(f"{table}: {len(files)} files of {len(self)} images. {remedy(table)}")
        return files

    @cached_property
    def groups(self) -> list[str] | None:
        """The name of each image's group (`split.group_by`), [n]; None if there are no groups."""
        table = self.folder / "files.csv"
        rows = read_csv(table) if self.picture_files else []
        return [row["group"] for row in rows] if rows and "group" in rows[0] else None

    @property
    def name(self) -> str | None:
        """The name of the user's folder; None if it was none."""
        return self._pictures.get("folder")

    @property
    def fit(self) -> Fit | None:
        """How its pictures were brought to the images' shape."""
        return self._pictures.get("fit")

    @cached_property
    def _pictures(self) -> PictureFacts:
        facts = self.folder / "pictures.json"
        return read_json(facts, PictureFacts) if facts.exists() else {}

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        height, width, channels = self._map().shape[1:]
        return height, width, channels

    @cached_property
    def digest(self) -> str:
        """The first 16 digits of each file's SHA-256, which identify images, labels and classes."""
        names = ("images.npy", "labels.npy", "classes.json")
        return "".join(sha256(self.folder / name)[:16] for name in names)

    @classmethod
    def write(
        cls,
        folder: Path,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        classes: Sequence[str],
    ) -> "SplitFolder":
        """Write images [n, height, width, channels] and labels [n] as a split into a new folder.

        Stage `split` has a writer of its own (`pipeline/data/writing.py`), for more images than
        the memory holds.
        """
        folder.mkdir(parents=True)
        np.save(folder / "images.npy", images.astype(np.uint8))
        np.save(folder / "labels.npy", labels.astype(np.int64))
        write_json(folder / "classes.json", list(classes))
        return cls(folder)

    def __len__(self) -> int:
        return len(self.labels)

    def images(self, indices: NDArray[np.int64] | slice) -> NDArray[np.uint8]:
        """Read some images, uint8 [k, height, width, channels].

        The file is mapped again for each call, because the pages of a permanent map would add up in
        memory to the whole split.
        """
        return np.asarray(self._map()[indices]).copy()

    def batches(self, batch_size: int, seed: int, epoch: int) -> "Batches":
        """Return the batches for training, from some epoch on."""
        return Batches(self, batch_size, seed, epoch)

    def _map(self) -> NDArray[np.uint8]:
        return read_npy(self.folder / "images.npy", np.uint8, 4, mapped=True)


def require_alike(first: SplitFolder, *others: SplitFolder) -> None:
    """Check that splits hold images of one shape and one list of classes.

    Raises:
        FileError: they do not, so that they are not what stage `split` has written together.
    """
    for other in others:
        for what in ("shape", "classes"):
            here, there = getattr(other, what), getattr(first, what)
            if here != there:
                raise FileError(
                    f"{other.folder}: {what} {shortened(here)}, but {shortened(there)} in "
                    f"{first.folder}. {remedy(other.folder)}"
                )


class Batches(keras.utils.PyDataset):
    """The batches of a split, shuffled in each epoch if there is a seed, otherwise in order."""

    def __init__(
        self, split: SplitFolder, batch_size: int, seed: int | None = None, epoch: int = 0
    ):
        super().__init__()
        self.split = split
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = epoch
        self.order = self._shuffle()

    def __len__(self) -> int:
        return math.ceil(len(self.split) / self.batch_size)

    def __getitem__(self, number: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Read batch `number`: images [b, height, width, channels] and labels [b]."""
        indices = self.order[number * self.batch_size : (number + 1) * self.batch_size]
        return self.split.images(indices), self.split.labels[indices]

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self.epoch += 1
        self.order = self._shuffle()

    def _shuffle(self) -> NDArray[np.int64]:
        if self.seed is None:
            return np.arange(len(self.split))
        return np.random.default_rng([self.seed, self.epoch]).permutation(len(self.split))
