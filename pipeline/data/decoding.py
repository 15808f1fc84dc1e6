"""The decoding of a picture file to what a person sees in it: upright, in sRGB, on white.

What viewers follow is followed: EXIF orientation, an embedded ICC profile, transparency of any bit
depth, the part of its canvas that a GIF's first frame covers. What most of them ignore is ignored:
a profile that is broken or of another colour space than the picture, PNG's gAMA, cHRM and cICP.
"""

import io
import struct
import warnings
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, TiffImagePlugin

from pipeline.base.errors import ConvoyError

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF")
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff")
NAMED = "JPEG, PNG, GIF, BMP, WebP or TIFF"
# Pictures of other kinds, as phones, cameras and programs save them: they are not read, but they
# are no stray files.
OTHERS = (".avif", ".heic", ".heif", ".jxl", ".jp2", ".svg", ".psd", ".xcf", ".ico", ".tga", ".ppm",
          ".dng", ".cr2", ".cr3", ".nef", ".arw")  # fmt: skip
# The most pixels that are decoded: a JPEG counts at the fraction at which it is decoded, a
# progressive one in full, because all its coefficients are held. Pillow's own limit is switched
# off because it is checked before a JPEG can be decoded at a fraction, and its words name no file.
MOST_PIXELS = 200_000_000
Image.MAX_IMAGE_PIXELS = None
# These name no file either, and what they are about is an error below or does no harm.
warnings.filterwarnings("ignore", module=r"PIL\.")

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
LYING = (5, 6, 7, 8)
# Pillow takes the grey values of 2 and 4 bits times these, but not the one that is transparent.
GREY_STEPS = {"L;2": 85, "L;4": 17}
# Pictures in a colour space of which no sample is further away are sRGB already; 1 is rounding.
SRGB_TOLERANCE = 1
SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
# Exceptions that Pillow and its plugins raise on broken files.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)


class PictureError(ConvoyError):
    """A file that is not a readable picture.

    Attributes:
        why: What is wrong with it.
    """

    def __init__(self, path: Path, why: str):
        super().__init__(f"{path}: {why}")
        self.why = why


class Stored(NamedTuple):
    """What Pillow no longer knows of a picture once its pixels are loaded.

    Attributes:
        raw: How its pixels are stored, such as "L;4"; empty where that does not matter.
        extent: The part of the canvas that is drawn: left, upper, right, lower.
    """

    raw: str
    extent: tuple[int, int, int, int] | None


def decode(path: Path, least: int) -> Image.Image:
    """Decode a picture to an upright one of mode L, RGB or CMYK, opaque, in sRGB.

    Args:
        path: A picture file with any name.
        least: Pixels of the shorter side that are left where a JPEG is decoded at a half, a
            quarter or an eighth of its size.

    Raises:
        PictureError: the file cannot be read to its end.
    """
    _require_file(path)
    try:
        # Not by its path: Pillow 13 would map a TIFF that is turned, and mix up its lines.
        with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
            _draft(image, path, least)
            stored = _stored(image)
            image.load()
            profile, turn = image.info.get("icc_profile"), _turn(image)
            seen = on_white(_in_srgb(_visible(image, stored, path), profile))
            return seen if turn is None else seen.transpose(turn)
    except FileNotFoundError:
        raise PictureError(path, "no such file") from None
    except Image.UnidentifiedImageError:
        raise PictureError(path, _unknown(path)) from None
    except BROKEN as error:
        raise PictureError(path, f"cannot be read: {error or type(error).__name__}") from None


def shape(path: Path) -> tuple[int, int]:
    """Read the height and width of an upright picture, from the file's header.

    Raises:
        PictureError: the file is not a picture.
    """
    _require_file(path)
    try:
        with Image.open(path, formats=FORMATS) as image:
            # A PNG without EXIF data at its beginning would be decoded to look for them further
            # on; a TIFF has its upright size.
            told = image.format != "TIFF" and "exif" in image.info
            lying = told and image.getexif().get(ExifTags.Base.Orientation) in LYING
            width, height = image.size
    except BROKEN as error:
        raise PictureError(path, f"cannot be read: {error or type(error).__name__}") from None
    return (width, height) if lying else (height, width)


def is_picture(path: Path) -> bool:
    """Check by its first bytes whether a file, whatever its name, is a picture."""
    try:
        if not path.is_file():
            return False
        with Image.open(path, formats=FORMATS):
            return True
    except BROKEN:
        return False


def _require_file(path: Path) -> None:
    """Check that opening `path` does not wait for ever, as a named pipe would."""
    try:
        other = path.exists() and not path.is_file()
    except OSError as error:  # such as a link to itself
        raise PictureError(path, f"cannot be read: {error.strerror}") from None
    if other:
        raise PictureError(path, "a folder" if path.is_dir() else "not an ordinary file")


def _unknown(path: Path) -> str:
    return f"not a {NAMED} picture" if path.stat().st_size else "an empty file"


def _draft(image: Image.Image, path: Path, least: int) -> None:
    """Choose the fraction at which a JPEG is decoded.

    Raises:
        PictureError: more than `MOST_PIXELS` would be decoded.
    """
    width, height = image.size
    image.draft(None, (least, least))
    decoded = (width, height) if image.info.get("progressive") else image.size
    if decoded[0] * decoded[1] > MOST_PIXELS:
        raise PictureError(
            path,
            f"{width}×{height} pixels; at most {MOST_PIXELS // 10**6} million are decoded (of a "
            "JPEG that is not progressive, those at a fraction of its size). Save it smaller",
        )


def _stored(image: Image.Image) -> Stored:
    tiles = getattr(image, "tile", None)
    if not tiles or image.format not in ("PNG", "GIF"):
        return Stored("", None)
    raw = tiles[0].args if image.format == "PNG" else ""
    return Stored(raw if isinstance(raw, str) else "", tiles[0].extents)


def _visible(image: Image.Image, stored: Stored, path: Path) -> Image.Image:
    """Bring a picture to 8 bits, and its transparency to an alpha channel.

    Raises:
        ValueError: its values have no agreed meaning as brightness.
    """
    key = image.info.get("transparency")
    if image.mode.startswith("I") or image.mode == "F":
        return _grey(image, key)
    if stored.raw in GREY_STEPS and isinstance(key, int):
        image.info["transparency"] = key * GREY_STEPS[stored.raw]
    if stored.raw == "RGB;16B" and isinstance(key, tuple):
        del image.info["transparency"]
        image.putalpha(_differs(_sixteen_bits(image, path) - np.array(key)))
    if stored.extent and stored.extent != (0, 0, *image.size):
        image = image.convert("RGBA")
        drawn = Image.new("RGBA", image.size)
        drawn.paste(image.crop(stored.extent), stored.extent[:2])
        return drawn
    return image


def _grey(image: Image.Image, key: int | None = None) -> Image.Image:
    """Scale grey values of 16 bits from 0..65535, or fractions from 0..1, to 0..255.

    Pillow's own conversion cuts them off at 255.

    Raises:
        ValueError: there are others among them, for which no brightness is agreed.
    """
    values = np.asarray(image)
    most = 1 if image.mode == "F" else 65535
    if not ((values >= 0) & (values <= most)).all():
        raise ValueError(
            f"grey values from {values.min():g} to {values.max():g}; allowed: 0 to {most}"
        )
    scaled = values * 255.0 if most == 1 else (values.astype(np.int64) + 128) // 257
    if isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.get(262) == 0:
        scaled = 255 - scaled  # WhiteIsZero, which Pillow follows up to 8 bits
    grey = Image.fromarray(np.rint(scaled).astype(np.uint8))
    if key is not None:
        grey.putalpha(_differs((values.astype(np.int64) - key)[..., np.newaxis]))
    return grey


def _differs(difference: NDArray[np.int64]) -> Image.Image:
    """Return the alpha channel of a picture of which one colour is transparent."""
    return Image.fromarray((difference != 0).any(axis=2).astype(np.uint8) * 255)


def _sixteen_bits(high: Image.Image, path: Path) -> NDArray[np.int64]:
    """Read the whole values of an RGB PNG of 16 bits, of which Pillow decodes the upper 8.

    The file is decoded again with the bytes taken for swapped, which results in the lower 8.
    """
    with Image.open(path, formats=("PNG",)) as low:
        low.tile = [low.tile[0]._replace(args="RGB;16L")]
        low.load()
        return np.asarray(high).astype(np.int64) * 256 + np.asarray(low)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Read from the EXIF data what turns a picture upright; None if it is.

    Pillow's `exif_transpose` is not used because it also writes the EXIF data again, and fails on
    odd values that some cameras write. A TIFF is turned already, when it is loaded.

    Raises:
        ValueError: the EXIF data are broken.
    """
    if image.format == "TIFF":
        return None
    try:
        return TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except BROKEN as error:
        raise ValueError(f"its EXIF data are broken: {error}") from None


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert a picture from the colour space of its ICC profile, if it has one, to sRGB."""
    if not profile:
        return image
    alpha = None
    if image.has_transparency_data:
        whole = image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
        alpha, colours = whole.getchannel("A"), whole.convert(whole.mode.removesuffix("A"))
    elif image.mode in SPACES:
        colours = image
    else:
        colours = image.convert("L" if image.mode == "1" else "RGB")
    transform = _transform(profile, colours.mode)
    if transform is None:
        return image
    converted = transform.apply(colours)
    if alpha:
        converted.putalpha(alpha)
    return converted


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the conversion from a profile to sRGB, or None if there is nothing to convert."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != SPACES[mode]:
            return None
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, mode, "RGB")
    except (OSError, ImageCms.PyCMSError):
        return None
    if mode == "CMYK":
        return transform
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    if mode == "L":
        samples = Image.fromarray(steps[np.newaxis])
    else:
        samples = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3))
    before = np.asarray(samples.convert("RGB")).astype(int)
    change = np.abs(np.asarray(transform.apply(samples)) - before).max()
    return transform if change > SRGB_TOLERANCE else None


def on_white(image: Image.Image) -> Image.Image:
    """Bring a picture of any mode to 8 bits, and lay it on white where it is transparent."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _grey(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image
