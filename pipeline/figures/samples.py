"""The picture of some training images of each class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.gathering import Gathered
from pipeline.figures.canvas import caption, picture, show_image

COLUMNS = 10
MOST_CLASSES = 25


def draw(gathered: Gathered, chosen: NDArray[np.bool_], classes: Sequence[str], path: Path) -> None:
    """Draw one row for each of the first 25 classes, from the images that `chosen` [n] marks."""
    shown = classes[:MOST_CLASSES]
    height, width, channels = gathered.shape
    # One large image, because separate axes for each image would take Matplotlib many seconds.
    wall = np.full((len(shown), COLUMNS, *gathered.shape), 255, np.uint8)
    for label in range(len(shown)):
        indices = np.flatnonzero(chosen & (gathered.labels == label))[:COLUMNS]
        wall[label, : len(indices)] = gathered.images(indices)
    wall = wall.transpose(0, 2, 1, 3, 4).reshape(len(shown) * height, COLUMNS * width, channels)
    with picture(path, 1, 1, (0.7 * COLUMNS + 2, 0.7 * len(shown) + 0.5)) as grid:
        axes = grid[0, 0]
        show_image(axes, wall)
        more = len(classes) - len(shown)
        axes.set_title("training images" + (f" (and {more} more classes)" if more else ""))
        for label, name in enumerate(shown):
            axes.text(-0.1 * width, (label + 0.5) * height, caption(name), ha="right", va="center")
