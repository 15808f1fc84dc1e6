"""The contact sheet of images that some model got wrong, from which a report cuts its pictures.

A reviewer has neither data nor models, so a report can show only images that are committed.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipeline.base.files import replacing

MOST = 400
COLUMNS = 20
LARGEST_SIDE = 48


def choose(wrong: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Choose the images to show, at most 400, sorted.

    The choice depends on the image numbers alone, so two revisions show the same images.

    Args:
        wrong: Images that a model got wrong, ascending.
        n: Number of test images.
    """
    rank = np.random.default_rng(0).permutation(n)
    return np.sort(wrong[np.argsort(rank[wrong])][:MOST])


def draw(indices: NDArray[np.int64], images: NDArray[np.uint8], path: Path) -> None:
    """Write the images side by side, and their numbers into the PNG's text field `images`.

    Args:
        indices: Numbers of the images, [k].
        images: uint8 [k, height, width, 1 or 3]; larger ones are scaled down.
        path: The PNG file.
    """
    height, width, channels = images.shape[1:]
    scale = min(1.0, LARGEST_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    rows = max(1, -(-len(indices) // COLUMNS))
    mode = "L" if channels == 1 else "RGB"
    sheet = Image.new(mode, (COLUMNS * size[0], rows * size[1]))
    for place, image in enumerate(images):
        tile = Image.fromarray(image[..., 0] if channels == 1 else image)
        if scale < 1:
            tile = tile.resize(size, Image.Resampling.BICUBIC)
        row, column = divmod(place, COLUMNS)
        sheet.paste(tile, (column * size[0], row * size[1]))
    notes = PngInfo()
    notes.add_text("images", " ".join(map(str, indices)))
    notes.add_text("tile", f"{size[0]} {size[1]}")
    with replacing(path) as scratch:
        sheet.save(scratch, format="PNG", optimize=True, pnginfo=notes)


def cut(sheet: Image.Image, wanted: Sequence[int]) -> dict[int, Image.Image]:
    """Cut the wanted images from a sheet; images that it does not have are left out.

    Raises:
        KeyError, ValueError: what `draw` notes in a sheet is missing, or something else.
    """
    notes = getattr(sheet, "text", {})
    places = {int(index): place for place, index in enumerate(notes["images"].split())}
    width, height = map(int, notes["tile"].split())
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise ValueError(f"tiles of {width}×{height} pixels")
    tiles = {}
    for index in wanted:
        if index in places:
            row, column = divmod(places[index], COLUMNS)
            left, top = column * width, row * height
            tiles[index] = sheet.crop((left, top, left + width, top + height))
    return tiles
