"""Digits: 1,797 real handwritten digits (Alpaydin and Kaynak 1998), resized from 8×8 to 28×28.

scikit-learn includes the file, so this data set needs no network. It has no official test images.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.base.files import reading
from pipeline.base.parsing import ContentError, shortened
from pipeline.data.source import Chunk, DataError, Part, Settings, Source, SourceFile, Spec

NAME = "digits.csv.gz"
CLASSES = tuple("0123456789")
SIZE = 28
# The file counts the dark pixels in each 4×4 square of a 32×32 bitmap.
DARKEST = 16

SPEC = Spec(
    (
        SourceFile(
            NAME,
            "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
            (f"package://sklearn.datasets.data/{NAME}",),
        ),
    )
)


def read(folder: Path, settings: Settings) -> Source:
    """Read the table: 64 pixels and the label in each line.

    Raises:
        DataError, FileError: the file is missing, damaged, or another one.
    """
    with reading(folder / NAME):
        try:
            with gzip.open(folder / NAME, "rt") as lines:
                table = np.loadtxt(lines, delimiter=",", dtype=np.int64, ndmin=2)
        except (EOFError, ValueError, zlib.error) as error:
            raise ContentError(f"no table of numbers: {shortened(error)}") from None
    if table.shape[1] != 65 or table.min() < 0 or table[:, :64].max() > DARKEST:
        raise DataError(f"{folder / NAME}: expected lines of 64 values from 0 to 16 and a label")
    pixels = (table[:, :64].reshape(-1, 8, 8) * 255 // DARKEST).astype(np.uint8)

    def chunks() -> Iterator[Chunk]:
        yield table[:, 64], np.stack([_resize(image) for image in pixels])[..., np.newaxis]

    return Source(CLASSES, Part(len(table), chunks))


def _resize(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
