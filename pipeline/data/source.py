"""The interface of a data set module: a `SPEC` with its files' addresses, and a `read` function.

`read(folder, settings)` takes the folder with the files of `SPEC` as they were published, and the
section `dataset` of params.yaml. It returns a `Source`. Its images are a stream, because a data set
may be larger than the memory.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.base.errors import ConvoyError
from pipeline.config.fields import Fit
from pipeline.config.params import Dataset as Settings

MOST_NAMED = 10


class DataError(ConvoyError):
    """A broken or unexpected file of a data set."""


@dataclass(frozen=True)
class Unusable:
    """A file or an empty folder of a data set that cannot be used.

    Attributes:
        where: Its path.
        why: What is wrong with it.
        pictures: How many pictures are lost if it is left out: 1, or 0 for other files.
    """

    where: str
    why: str
    pictures: int = 0

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


def unusable(offenders: Sequence[Unusable]) -> DataError:
    """Build the error for unusable entries: their count, the first ten, and what to do."""
    noun = "entry" if len(offenders) == 1 else "entries"
    lines = [f"{len(offenders)} {noun} of the data set cannot be used:"]
    lines += [f"  {offender}" for offender in offenders[:MOST_NAMED]]
    if len(offenders) > MOST_NAMED:
        lines.append(f"  ... and {len(offenders) - MOST_NAMED} more")
    lines.append("Mend or remove them, or set dataset.skip_unreadable: true to leave them out.")
    return DataError("\n".join(lines))


@dataclass(frozen=True)
class SourceFile:
    """One published file.

    Attributes:
        name: Official file name.
        digest: Digest of its bytes, in hexadecimal.
        urls: Public addresses, in the order in which they are tried.
        kind: Kind of the digest: SHA-256, or MD5 where those who publish the file state no other.
    """

    name: str
    digest: str
    urls: tuple[str, ...]
    kind: Literal["sha256", "md5"] = "sha256"


@dataclass(frozen=True)
class Spec:
    """The facts about a data set that are known before it is downloaded.

    Attributes:
        files: Its published files.
        mirrors: Whether an image keeps its class when it is mirrored left to right.
    """

    files: tuple[SourceFile, ...]
    mirrors: bool = False


# Labels, int64 [k], and their images, uint8 [k, height, width, channels], for any k.
Arrays = tuple[NDArray[np.int64], NDArray[np.uint8]]


class Pictures(NamedTuple):
    """Images that were resized from picture files, and what they were before.

    Attributes:
        labels: int64 [k].
        images: uint8 [k, height, width, channels].
        files: Path of each file, relative to the data set's folder.
        digests: uint64 [k, 2], equal for pictures that are equal before they are resized.
        thumbnails: uint8 [k, 32, 32, 3], which do not depend on how pictures are resized either.
    """

    labels: NDArray[np.int64]
    images: NDArray[np.uint8]
    files: tuple[str, ...]
    digests: NDArray[np.uint64]
    thumbnails: NDArray[np.uint8]


Chunk = Arrays | Pictures


@dataclass(frozen=True)
class PictureFacts:
    """What a folder's training pictures are, before some of them are set aside for testing.

    Attributes:
        folder: Name of the folder, for titles.
        width: Median width in pixels, before resizing.
        height: Their median height.
        coloured: Whether any of 100 of them, evenly spread, has colours.
        image_size: Pixels a side to which they are resized.
        image_size_reason: Who chose that, or why.
        fit: How pictures that are not square are resized.
    """

    folder: str
    width: float
    height: float
    coloured: bool
    image_size: int
    image_size_reason: str
    fit: Fit


@dataclass(frozen=True)
class Part:
    """Images with their labels.

    Attributes:
        count: Number of images; a pass yields fewer if some turn out to be unreadable.
        chunks: Starts a pass over the images. Labels are indices into the class names.
    """

    count: int
    chunks: Callable[[], Iterator[Chunk]]


@dataclass(frozen=True)
class Source:
    """A data set as read from its files.

    Attributes:
        classes: Class names, in label order.
        train: Images that may be used for training and validation.
        validation: The official validation images; None if the data set has none.
        test: The official test images; None if the data set has none.
        grows: Whether images may be added later. If so, the choice of test images must not depend
            on the number of images.
        skipped: Entries that could not be used; complete once all parts are read.
        plain: Picture files of nearly one colour; complete once all parts are read.
        pictures: What the pictures are, if the data set consists of picture files.
        notes: What the user should know about how the data set is read.
    """

    classes: tuple[str, ...]
    train: Part
    validation: Part | None = None
    test: Part | None = None
    grows: bool = False
    skipped: list[Unusable] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    pictures: PictureFacts | None = None
    notes: Sequence[str] = ()


class Dataset(Protocol):
    """The interface that every module in `pipeline/datasets/` implements."""

    SPEC: Spec

    def read(self, folder: Path, settings: Settings) -> Source:
        """Read the published files in `folder`."""


def load_dataset(name: str) -> Dataset:
    """Import the data set `pipeline/datasets/<name>.py`."""
    return cast(Dataset, importlib.import_module(f"pipeline.datasets.{name}"))
