"""The conversion of a picture file to an array, the same for training and for prediction.

A picture is turned upright by its EXIF data, laid on white where it is transparent, converted to
grey or RGB, and resized (bicubic, without keeping its proportions).
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from pipeline.base.errors import ConvoyError

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")
MODES = {1: "L", 3: "RGB"}
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


def read(path: Path, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    """Read one picture as uint8 [height, width, channels].

    Args:
        path: A JPEG, PNG, GIF (the first frame is read), BMP or WebP file with any name.
        size: Height and width of the array.
        channels: 1 for grey, 3 for RGB.

    Raises:
        PictureError: the file cannot be read to its end.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            # A JPEG is decoded at a half, quarter or eighth of its size, but at least at twice
            # `size`. For a photo of 12 million pixels that takes a third of the time; the values
            # differ by 0 to 3.
            image.draft(None, (2 * max(size), 2 * max(size)))
            image.load()
            turned = _turn(image)
    except FileNotFoundError:
        raise PictureError(f"{path}: no such file") from None
    except Image.UnidentifiedImageError:
        raise PictureError(f"{path}: not a JPEG, PNG, GIF, BMP or WebP picture") from None
    except BROKEN as error:
        raise PictureError(f"{path}: cannot be read: {error}") from None
    return convert(turned, size, channels)


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


def convert(image: Image.Image, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    """Convert an upright picture of any mode and size to uint8 [height, width, channels]."""
    if image.mode.startswith("I"):
        image = _from_16_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    image = image.convert(MODES[channels])
    height, width = size
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(height, width, channels)


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Scale grey values from 0..65535 to 0..255; Pillow's own conversion clips them at 255."""
    values = np.asarray(image).astype(np.int64).clip(0, 65535)
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def printable(text: str) -> str:
    """Replace the bytes of a file name that are not UTF-8 and so cannot be printed."""
    return text.encode("utf-8", "replace").decode()
