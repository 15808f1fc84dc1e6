"""The conversion of a picture file to an array, the same for training and for prediction.

A picture is turned upright by its EXIF data, laid on white where it is transparent, converted to
grey or RGB, and resized (bicubic). One that has not the proportions of the array is fitted into it:

* `pad` keeps all of it and its proportions, with black bars at two sides;
* `crop` keeps its proportions and cuts off both ends of the longer side;
* `squash` keeps all of it and distorts it.

What identifies a picture (its digest) and what it is compared by (its thumbnail) depend on the file
alone, not on how it is fitted, so that they stay the same when the size or channels change.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from pipeline.base.errors import ConvoyError
from pipeline.base.text import visible
from pipeline.config.fields import Fit

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")
MODES = {1: "L", 3: "RGB"}
# A JPEG is decoded at a half, quarter or eighth of its size, as long as this many pixels are left
# of its shorter side. For a photo of 12 million pixels that takes a third of the time; the values
# differ by 0 to 3.
LEAST_DECODED = 256
THUMBNAIL = 32
BICUBIC = Image.Resampling.BICUBIC
# The turn for each EXIF orientation except the first, which is upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Exceptions that Pillow raises on broken files and EXIF data, and on decompression bombs.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    IndexError,
    AttributeError,
    struct.error,
    Image.DecompressionBombError,
)


class PictureError(ConvoyError):
    """A file that is not a readable picture."""


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
        path: A JPEG, PNG, GIF (the first frame is read), BMP or WebP file with any name.
        size: Height and width of the array.
        channels: 1 for grey, 3 for RGB.
        fit: How a picture of other proportions is brought to `size`.
        invert: Whether to take its negative, which makes dark on light light on dark.

    Raises:
        PictureError: the file cannot be read to its end.
    """
    picture = _decode(path, _decoded_at(size))
    if invert:
        picture = ImageOps.invert(_opaque(picture).convert(MODES[channels]))
    return convert(picture, size, channels, fit)


def read_identified(path: Path, size: tuple[int, int], channels: int, fit: Fit) -> Picture:
    """Read one picture as `read` does, and what tells it from others.

    Raises:
        PictureError: the file cannot be read to its end.
    """
    image = _decode(path, LEAST_DECODED)
    whole = _opaque(image).convert("RGB")
    content = f"{whole.width}x{whole.height}:".encode() + whole.tobytes()
    digest = np.frombuffer(hashlib.blake2b(content, digest_size=16).digest(), "<u8")
    thumbnail = np.asarray(whole.resize((THUMBNAIL, THUMBNAIL), BICUBIC))
    if _decoded_at(size) > LEAST_DECODED and min(image.size) < _decoded_at(size):
        image = _decode(path, _decoded_at(size))
    return Picture(convert(image, size, channels, fit), digest.astype(np.uint64), thumbnail)


def _decoded_at(size: tuple[int, int]) -> int:
    """Return the pixels that are left of the shorter side: twice `size`, to be resized well."""
    return max(LEAST_DECODED, 2 * max(size))


def shape(path: Path) -> tuple[int, int]:
    """Read the height and width of an upright picture, from the file's header.

    Raises:
        PictureError: the file is not a picture.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            # Other formats are rarely turned, and PNG would be decoded to find out.
            turned = image.format == "JPEG" and image.getexif().get(ExifTags.Base.Orientation) in (
                5, 6, 7, 8
            )  # fmt: skip
            width, height = image.size
    except BROKEN as error:
        raise PictureError(f"{path}: cannot be read: {error}") from None
    return (width, height) if turned else (height, width)


def _decode(path: Path, least: int) -> Image.Image:
    """Decode a picture and turn it upright; of a JPEG at least `least` pixels a side are left."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            image.draft(None, (least, least))
            image.load()
            return _turn(image)
    except FileNotFoundError:
        raise PictureError(f"{path}: no such file") from None
    except Image.UnidentifiedImageError:
        raise PictureError(f"{path}: not a JPEG, PNG, GIF, BMP or WebP picture") from None
    except BROKEN as error:
        raise PictureError(f"{path}: cannot be read: {error}") from None


def _turn(image: Image.Image) -> Image.Image:
    """Turn a picture upright.

    Pillow's `exif_transpose` is not used because it also writes the EXIF data again, and fails on
    odd values that some cameras write.

    Raises:
        ValueError: the EXIF data are broken.
    """
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except BROKEN as error:
        raise ValueError(f"its EXIF data are broken: {error}") from None
    return image if turn is None else image.transpose(turn)


def convert(
    image: Image.Image, size: tuple[int, int], channels: int, fit: Fit
) -> NDArray[np.uint8]:
    """Convert an upright picture of any mode and size to uint8 [height, width, channels]."""
    image = _opaque(image).convert(MODES[channels])
    height, width = size
    if fit == "pad":
        image = ImageOps.pad(image, (width, height), BICUBIC, color=0)
    elif fit == "crop":
        image = ImageOps.fit(image, (width, height), BICUBIC)
    elif image.size != (width, height):
        image = image.resize((width, height), BICUBIC)
    return np.asarray(image).reshape(height, width, channels)


def _opaque(image: Image.Image) -> Image.Image:
    """Scale 16 bits to 8, and lay a picture on white where it is transparent."""
    if image.mode.startswith("I"):
        image = _from_16_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Scale grey values from 0..65535 to 0..255; Pillow's own conversion clips them at 255."""
    values = np.asarray(image).astype(np.int64).clip(0, 65535)
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def printable(text: str) -> str:
    """Return a file name with an escape for what cannot be seen, and for bytes outside UTF-8."""
    return visible(text)
