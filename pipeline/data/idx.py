"""The reader of the idx format, which MNIST and similar data sets use.

A file is a header and then the bytes of one array. The header has two zero bytes, a type code (8
for uint8), the number of axes, and the length of each axis as a big-endian 32-bit integer. Source:
the MNIST page of LeCun, Cortes and Burges. Files are gzipped.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.data.source import Chunk, DataError, Part, Source

UINT8 = 8
CHUNK = 1000


def read_mnist_like(folder: Path, classes: tuple[str, ...]) -> Source:
    """Read the four files of a data set with MNIST's layout."""
    return Source(
        classes,
        train=read_part(folder, "train", len(classes)),
        test=read_part(folder, "t10k", len(classes)),
    )


def read_part(folder: Path, prefix: str, classes: int) -> Part:
    """Read the labels of one part and the header of its images, which come as a stream.

    Raises:
        DataError: a file is not idx or is cut short, or the two files do not belong together.
    """
    label_file = folder / f"{prefix}-labels-idx1-ubyte.gz"
    image_file = folder / f"{prefix}-images-idx3-ubyte.gz"
    labels = np.concatenate([np.empty(0, np.uint8), *read_chunks(label_file, axes=1)])
    n, _, _ = read_shape(image_file, axes=3)
    if n != len(labels):
        raise DataError(f"{image_file}: {n} images, but {label_file} has {len(labels)} labels")
    if len(labels) and labels.max() >= classes:
        raise DataError(f"{label_file}: label {labels.max()}; allowed: 0 to {classes - 1}")
    return Part(n, partial(_chunks, labels, image_file))


def read_shape(file: Path, axes: int) -> tuple[int, ...]:
    """Read only the header and return the length of each axis."""
    with _open(file) as stream:
        return _header(stream, file, axes)


def read_chunks(file: Path, axes: int) -> Iterator[NDArray[np.uint8]]:
    """Read the array along its first axis, `CHUNK` entries at a time.

    Raises:
        DataError: the file is not idx of uint8 with `axes` axes, or its length is wrong.
    """
    with _open(file) as stream:
        n, *rest = _header(stream, file, axes)
        for start in range(0, n, CHUNK):
            shape = (min(CHUNK, n - start), *rest)
            content = _read(stream, int(np.prod(shape)), file)
            yield np.frombuffer(content, np.uint8).reshape(shape)
        if _read(stream, 1, file, short_is_fine=True):
            raise DataError(f"{file}: longer than its header says")


def _chunks(labels: NDArray[np.uint8], file: Path) -> Iterator[Chunk]:
    start = 0
    for images in read_chunks(file, axes=3):
        of_chunk = labels[start : start + len(images)].astype(np.int64)
        yield of_chunk, images[..., np.newaxis]
        start += len(images)


def _open(file: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(file))


def _header(stream: BinaryIO, file: Path, axes: int) -> tuple[int, ...]:
    zeros, kind, count = struct.unpack(">HBB", _read(stream, 4, file))
    if (zeros, kind, count) != (0, UINT8, axes):
        raise DataError(
            f"{file}: not an idx file of uint8 with {axes} axes: "
            f"its header begins {zeros:#06x} {kind} {count}"
        )
    return struct.unpack(f">{axes}I", _read(stream, 4 * axes, file))


def _read(stream: BinaryIO, size: int, file: Path, *, short_is_fine: bool = False) -> bytes:
    try:
        content = stream.read(size)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{file}: not a whole gzip file: {error}") from None
    if len(content) < size and not short_is_fine:
        raise DataError(f"{file}: cut short; expected {size} more bytes, found {len(content)}")
    return content
