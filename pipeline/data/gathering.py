"""A single pass over a data set: all pixels go to one scratch file, the rest stays in memory.

Each picture is decoded only once. Counting duplicates and cutting and writing the splits all start
from here.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.base.files import writing
from pipeline.data import hashing
from pipeline.data.pictures import THUMBNAIL
from pipeline.data.source import Chunk, DataError, Part, Pictures, Source, unusable
from pipeline.running.terminal import progress

TRAIN, VALIDATION, TEST = range(3)
NAMES = ("train", "validation", "test")
CHUNK = 1000


@dataclass(frozen=True)
class Gathered:
    """All images of a data set, in the order of the source.

    Attributes:
        path: The file of their pixels, one image after the other.
        shape: Height, width and channels.
        labels: int64 [n].
        official: int8 [n], the part of the source: TRAIN, VALIDATION or TEST.
        digests: uint64 [n, 2], BLAKE2b of the pixels: equal for equal images. Of picture files, of
            the pixels before resizing.
        hashes: uint64 [n], perceptual hashes: similar for images that look alike.
        files: Path of each picture file, [n]; empty if the images are no files of their own.
        thumbnails: The file of 32×32×3 pixels of each picture file; None if there are none.
    """

    path: Path
    shape: tuple[int, int, int]
    labels: NDArray[np.int64]
    official: NDArray[np.int8]
    digests: NDArray[np.uint64]
    hashes: NDArray[np.uint64]
    files: tuple[str, ...] = ()
    thumbnails: Path | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def images(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Read some images, uint8 [k, height, width, channels].

        The file is mapped again for each call, as in `pipeline/training/batches.py`, because the
        pages of a permanent map would add up in memory.
        """
        return self._read(self.path, self.shape, indices)

    def looks(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Read what images are compared by, uint8 [k, …]: thumbnails, or the images themselves.

        Thumbnails do not change with the size to which picture files are resized.
        """
        if self.thumbnails is None:
            return self.images(indices)
        return self._read(self.thumbnails, (THUMBNAIL, THUMBNAIL, 3), indices)

    def _read(
        self, path: Path, shape: tuple[int, int, int], indices: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        pixels = np.memmap(path, np.uint8, "r", shape=(len(self), *shape))
        return np.asarray(pixels[indices])

    def chunks(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Read all images in order: yield a first index and [k, height, width, channels]."""
        size = int(np.prod(self.shape))
        with self.path.open("rb") as stream:
            for start in range(0, len(self), CHUNK):
                content = stream.read(CHUNK * size)
                yield start, np.frombuffer(content, np.uint8).reshape(-1, *self.shape)


def gather(source: Source, path: Path, *, skip: bool) -> Gathered:
    """Write the pixels of all parts to `path`.

    Args:
        source: The data set.
        path: The scratch file; its folder is created. Thumbnails go to another one beside it.
        skip: Whether to leave out images that cannot be used.

    Raises:
        DataError: some images cannot be used and `skip` is false, a part has no usable images, or
            the images differ in shape.
    """
    parts = (source.train, source.validation, source.test)
    present = {number: part for number, part in enumerate(parts) if part is not None}
    path.parent.mkdir(parents=True, exist_ok=True)
    # Allocated at full size: growing the arrays in small pieces would take twice the memory.
    most = sum(part.count for part in present.values())
    labels, official = np.empty(most, np.int64), np.empty(most, np.int8)
    digests, hashes = np.empty((most, 2), np.uint64), np.empty(most, np.uint64)
    n = 0
    shape: tuple[int, ...] | None = None
    files: list[str] = []
    with writing(path), path.open("wb") as sink, beside(path).open("wb") as small:
        for number, chunk in _stream(present):
            part_labels, images = chunk[:2]
            shape = shape or images.shape[1:]
            if images.shape[1:] != shape:
                raise DataError(f"images of {images.shape[1:]} among images of {shape}")
            sink.write(np.ascontiguousarray(images).data)
            here = slice(n, n + len(images))
            labels[here], official[here] = part_labels, number
            if isinstance(chunk, Pictures):
                files += chunk.files
                small.write(np.ascontiguousarray(chunk.thumbnails).data)
                digests[here] = chunk.digests
                hashes[here] = hashing.perceptual_hashes(chunk.thumbnails)
            else:
                digests[here], hashes[here] = _digests(images), hashing.perceptual_hashes(images)
            n += len(images)
    if source.skipped and not skip:
        raise unusable(source.skipped)
    empty = [NAMES[number] for number in present if number not in official[:n]]
    if shape is None or empty:
        raise DataError(f"the data set holds no usable images for {', '.join(empty) or 'training'}")
    height, width, channels = shape
    return Gathered(
        path,
        (height, width, channels),
        labels[:n],
        official[:n],
        digests[:n],
        hashes[:n],
        tuple(files),
        beside(path) if files else None,
    )


def beside(path: Path) -> Path:
    """Return the scratch file of the thumbnails."""
    return path.with_name(f"{path.name}.thumbnails")


def _stream(parts: dict[int, Part]) -> Iterator[tuple[int, Chunk]]:
    """Yield the chunks of all parts in turn, without empty ones, and show a progress bar."""
    with progress("images") as bar:
        task = bar.add_task("read", total=sum(part.count for part in parts.values()), note="")
        for number, part in parts.items():
            for chunk in part.chunks():
                if len(chunk[0]):
                    yield number, chunk
                bar.update(task, advance=len(chunk[0]))


def _digests(images: NDArray[np.uint8]) -> NDArray[np.uint64]:
    content = b"".join(
        hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images
    )
    return np.frombuffer(content, "<u8").reshape(-1, 2).astype(np.uint64)
