"""Dividing a data set into train, validation and test, and writing each as a folder of arrays."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from pipeline.datasets import DataError, Part, Source
from pipeline.files import sha256, write_json

TRAIN, VALIDATION, TEST = range(3)
NAMES = ("train", "validation", "test")


def assign(
    source: Source, validation_fraction: float, test_fraction: float, random_state: int
) -> NDArray[np.int64]:
    """Say for each image of `source.train` whether it is for training, validation or testing.

    Both cuts are stratified by class. Test images are cut off only where the source has no
    official ones, and before anything else.

    Returns:
        int64 [n] of TRAIN, VALIDATION and TEST.

    Raises:
        DataError: a class has too few images for this.
    """
    labels = source.train.labels
    parts = np.full(len(labels), TRAIN)
    if source.test is None:
        parts[_cut(np.arange(len(labels)), labels, test_fraction, random_state)] = TEST
    rest = np.flatnonzero(parts == TRAIN)
    parts[_cut(rest, labels, validation_fraction, random_state)] = VALIDATION
    return parts


def _cut(
    indices: NDArray[np.int64], labels: NDArray[np.int64], fraction: float, random_state: int
) -> NDArray[np.int64]:
    """Choose a stratified share of the indices. A count, so that 1/6 of 60,000 is 10,000."""
    count = round(len(indices) * fraction)
    try:
        _, chosen = train_test_split(
            indices, test_size=count, random_state=random_state, stratify=labels[indices]
        )
    except ValueError as error:
        raise DataError(f"{count} of {len(indices)} images cannot be set aside: {error}") from None
    return chosen


def write(source: Source, parts: NDArray[np.int64], folder: Path) -> None:
    """Write `folder/{train,validation,test}`, each complete or not at all."""
    chosen = {
        "train": (source.train, parts == TRAIN),
        "validation": (source.train, parts == VALIDATION),
        "test": (source.train, parts == TEST),
    }
    if source.test is not None:
        chosen["test"] = (source.test, np.ones(len(source.test.labels), bool))
    for name, (part, mask) in chosen.items():
        _write_split(part, mask, source.classes, folder / name)


def _write_split(
    part: Part, mask: NDArray[np.bool_], classes: tuple[str, ...], folder: Path
) -> None:
    scratch = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    np.save(scratch / "labels.npy", part.labels[mask])
    write_json(scratch / "classes.json", list(classes))
    _write_images(part, mask, scratch / "images.npy")
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)


def _write_images(part: Part, mask: NDArray[np.bool_], path: Path) -> None:
    """Stream the masked images into one .npy file."""
    chunks = _masked(part, mask)
    first = next(chunks)
    target = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.uint8, shape=(int(mask.sum()), *first.shape[1:])
    )
    start = 0
    for chunk in (first, *chunks):
        target[start : start + len(chunk)] = chunk
        start += len(chunk)
    target.flush()


def _masked(part: Part, mask: NDArray[np.bool_]) -> Iterator[NDArray[np.uint8]]:
    start = 0
    for chunk in part.images():
        yield chunk[mask[start : start + len(chunk)]]
        start += len(chunk)


def describe(folder: Path, classes: tuple[str, ...]) -> dict:
    """Count and digest one written split."""
    labels = np.load(folder / "labels.npy")
    shape = np.load(folder / "images.npy", mmap_mode="r").shape
    counts = np.bincount(labels, minlength=len(classes))
    return {
        "images": len(labels),
        "shape": "×".join(map(str, shape[1:])),
        "images_sha256": sha256(folder / "images.npy"),
        "labels_sha256": sha256(folder / "labels.npy"),
        "per_class": {name: int(count) for name, count in zip(classes, counts, strict=True)},
    }
