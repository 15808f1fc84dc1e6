"""The reader of the binary version of CIFAR-10 and CIFAR-100.

A record is one label byte (CIFAR-10) or two (CIFAR-100: coarse, fine), then 3,072 bytes of pixels:
32×32 of red, then of green, then of blue, each row by row. Files are records without a header;
class names are lines of a text file. Source: the CIFAR page of Krizhevsky (2009).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.data import archives
from pipeline.data.source import Chunk, DataError, Part, Source

SIDE, CHANNELS = 32, 3
PIXELS = CHANNELS * SIDE * SIDE
RECORDS = 1000


@dataclass(frozen=True)
class Layout:
    """The layout of one of the archives.

    Attributes:
        archive: File name.
        train: Names of the files of training images, in order.
        test: Name of the file of test images.
        names: Name of the file of class names.
        classes: Number of classes.
        labels: Label bytes in a record.
        label: Index of the label byte that is used.
        records: Number of images in each file of training or test images, by name.
    """

    archive: str
    train: Sequence[str]
    test: str
    names: str
    classes: int
    labels: int
    label: int
    records: dict[str, int]

    @property
    def record(self) -> int:
        """Bytes in a record."""
        return self.labels + PIXELS


def read(folder: Path, layout: Layout) -> Source:
    """Read the class names, and return the images as a stream straight out of the archive.

    Raises:
        DataError: the archive is not of this layout.
    """
    path = folder / layout.archive
    with archives.opened(path, _sizes(layout)) as archive:
        classes = archive.lines(layout.names)
    if len(set(classes)) != layout.classes or len(classes) != layout.classes:
        raise DataError(
            f"{path}: {layout.names} names {len(classes)} classes; expected {layout.classes}, "
            "all different"
        )
    train, test = (
        Part(sum(layout.records[name] for name in names), partial(_chunks, path, layout, names))
        for names in (layout.train, [layout.test])
    )
    return Source(classes, train=train, test=test)


def _sizes(layout: Layout) -> dict[str, int]:
    return {name: count * layout.record for name, count in layout.records.items()}


def _chunks(path: Path, layout: Layout, names: Sequence[str]) -> Iterator[Chunk]:
    with archives.opened(path, _sizes(layout)) as archive:
        for name in names:
            for content in archive.chunks(name, RECORDS * layout.record):
                if len(content) % layout.record:
                    raise DataError(f"{path}: {name} ends within a record")
                yield _records(content, path, name, layout)


def _records(content: bytes, path: Path, name: str, layout: Layout) -> Chunk:
    records = np.frombuffer(content, np.uint8).reshape(-1, layout.record)
    labels = records[:, layout.label].astype(np.int64)
    if labels.max() >= layout.classes:
        raise DataError(f"{path}: {name}: label {labels.max()}; allowed: 0 to {layout.classes - 1}")
    pixels = records[:, layout.labels :].reshape(-1, CHANNELS, SIDE, SIDE)
    return labels, np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
