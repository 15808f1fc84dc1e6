"""Rows of images, each with a name before it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.figures.canvas import caption, picture, show_image, wall


def draw(images: NDArray[np.uint8], names: Sequence[str], title: str, path: Path) -> None:
    """Draw images [rows, columns, height, width, channels], a name before each row."""
    rows, columns, height, width, _ = images.shape
    gap = max(1, width // 14)
    with picture(path, 1, 1, (0.7 * columns + 2, 0.7 * rows + 0.5)) as grid:
        axes = grid[0, 0]
        # One large image, because separate axes for each image would take Matplotlib many seconds.
        show_image(axes, wall(images, gap))
        axes.set_title(title)
        for row, name in enumerate(names):
            middle = row * (height + gap) + height / 2
            axes.text(-0.1 * width, middle, caption(name), ha="right", va="center")
