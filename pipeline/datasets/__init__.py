"""One file a data set: a `SPEC` (where its files come from) and a `read` function.

`read(folder)` takes the folder with the files of `SPEC` as they were published and gives a
`Source`: labels at once, images as a stream, because a data set may be larger than the memory.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConvoyError


class DataError(ConvoyError):
    """A file of a data set that is not what it should be."""


@dataclass(frozen=True)
class SourceFile:
    """One published file.

    Attributes:
        name: Official file name.
        sha256: Digest of its bytes, in hexadecimal.
        urls: Public addresses, in the order in which they are tried.
    """

    name: str
    sha256: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Spec:
    """What is known about a data set before it is downloaded."""

    files: tuple[SourceFile, ...]


@dataclass(frozen=True)
class Part:
    """Images with their labels.

    Attributes:
        labels: int64 [n], indices into the class names.
        images: Starts a pass over the images in the order of the labels, as uint8 arrays
            [k, height, width, channels] of any k.
    """

    labels: NDArray[np.int64]
    images: Callable[[], Iterator[NDArray[np.uint8]]]


@dataclass(frozen=True)
class Source:
    """A data set as its files give it.

    Attributes:
        classes: Class names, in label order.
        train: Images that may be used for training and validation.
        test: The official test images; None where the data set has none.
    """

    classes: tuple[str, ...]
    train: Part
    test: Part | None


class Dataset(Protocol):
    """What every file in this folder defines."""

    SPEC: Spec

    def read(self, folder: Path) -> Source:
        """Read the published files in `folder`."""


def load(name: str) -> Dataset:
    """Load the data set that `pipeline/datasets/<name>.py` defines."""
    return cast(Dataset, importlib.import_module(f"pipeline.datasets.{name}"))
