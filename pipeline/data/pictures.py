"""The conversion of a picture file to an array, the same for training and for prediction.

A picture is decoded to what a person sees (`pipeline/data/decoding.py`), converted to grey or RGB,
and resized (bicubic). One that has not the proportions of the array is fitted into it:

* `pad` keeps all of it and its proportions, with black bars at two sides;
* `crop` keeps its proportions and cuts off both ends of the longer side;
* `squash` keeps all of it and distorts it.

What identifies a picture (its digest) and what it is compared by (its thumbnail) depend on the file
alone, not on how it is fitted, so that they stay the same when the size or channels change.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pipeline.config.fields import Fit
from pipeline.data.decoding import decode, on_white

MODES = {1: "L", 3: "RGB"}
# A JPEG is decoded at a half, quarter or eighth of its size, as long as this many pixels are left
# of its shorter side. For a photo of 12 million pixels that takes a third of the time; the values
# differ by 0 to 3.
LEAST_DECODED = 256
THUMBNAIL = 32
BICUBIC = Image.Resampling.BICUBIC


@dataclass(frozen=True)
class Picture:
    """A picture of a data set.

    Attributes:
        pixels: uint8 [height, width, channels].
        digest: uint64 [2], BLAKE2b of the decoded picture before resizing.
        thumbnail: uint8 [32, 32, 3], squashed.
    """

    pixels: NDArray[np.uint8]
    digest: NDArray[np.uint64]
    thumbnail: NDArray[np.uint8]


def read(
    path: Path, size: tuple[int, int], channels: int, fit: Fit, *, invert: bool = False
) -> NDArray[np.uint8]:
    """Read one picture as uint8 [height, width, channels].

    Args:
        path: A JPEG, PNG, GIF, BMP, WebP or TIFF file with any name. Of several frames the first
            is read.
        size: Height and width of the array.
        channels: 1 for grey, 3 for RGB.
        fit: How a picture of other proportions is brought to `size`.
        invert: Whether to take its negative, which makes dark on light light on dark.

    Raises:
        PictureError: the file cannot be read to its end.
    """
    picture = decode(path, _decoded_at(size))
    if invert:
        picture = ImageOps.invert(picture.convert(MODES[channels]))
    return convert(picture, size, channels, fit)


def read_identified(path: Path, size: tuple[int, int], channels: int, fit: Fit) -> Picture:
    """Read one picture as `read` does, and what tells it from others.

    Raises:
        PictureError: the file cannot be read to its end.
    """
    image = decode(path, LEAST_DECODED)
    whole = image.convert("RGB")
    content = f"{whole.width}x{whole.height}:".encode() + whole.tobytes()
    digest = np.frombuffer(hashlib.blake2b(content, digest_size=16).digest(), "<u8")
    thumbnail = np.asarray(whole.resize((THUMBNAIL, THUMBNAIL), BICUBIC))
    if _decoded_at(size) > LEAST_DECODED and min(image.size) < _decoded_at(size):
        image = decode(path, _decoded_at(size))
    return Picture(convert(image, size, channels, fit), digest.astype(np.uint64), thumbnail)


def _decoded_at(size: tuple[int, int]) -> int:
    """Return the pixels that are left of the shorter side: twice `size`, to be resized well."""
    return max(LEAST_DECODED, 2 * max(size))


def convert(
    image: Image.Image, size: tuple[int, int], channels: int, fit: Fit
) -> NDArray[np.uint8]:
    """Convert an upright picture of any mode and size to uint8 [height, width, channels]."""
    image = on_white(image).convert(MODES[channels])
    height, width = size
    if fit == "pad":
        image = ImageOps.pad(image, (width, height), BICUBIC, color=0)
    elif fit == "crop":
        image = ImageOps.fit(image, (width, height), BICUBIC)
    elif image.size != (width, height):
        image = image.resize((width, height), BICUBIC)
    return np.asarray(image).reshape(height, width, channels)
