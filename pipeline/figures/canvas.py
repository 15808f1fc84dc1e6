"""The functions that all pictures share: opening, saving, captions, images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.base.files import replacing
from pipeline.base.text import visible

matplotlib.use("agg")

MOST_LETTERS = 24
# Okabe and Ito's blue and vermilion: told apart by the colour-blind, and 4.4 to 1 or more on white.
BLUE, RED = "#0072B2", "#C04F00"


@contextmanager
def picture(path: Path, rows: int, columns: int, size: tuple[float, float]) -> Iterator[Any]:
    """Open a figure of `size` inches, yield its axes [rows, columns], and save it as PNG."""
    figure = plt.figure(figsize=size, layout="constrained", dpi=120)
    with _saved(figure, path):
        yield figure.subplots(rows, columns, squeeze=False)


@contextmanager
def panels(
    path: Path,
    mosaic: list[list[Any]],
    size: tuple[float, float],
    heights: Sequence[float],
) -> Iterator[dict[str, Axes]]:
    """Open a figure of `size` inches, yield its named axes, and save it as PNG."""
    figure = plt.figure(figsize=size, layout="constrained", dpi=120)
    with _saved(figure, path):
        yield figure.subplot_mosaic(mosaic, height_ratios=heights)


@contextmanager
def _saved(figure: Figure, path: Path) -> Iterator[None]:
    """Save a figure as PNG when it has been drawn, and close it in any case."""
    try:
        yield
        with replacing(path) as scratch:
            # By default the file would contain the version of Matplotlib.
            figure.savefig(scratch, format="png", metadata={"Software": None})
    finally:
        plt.close(figure)


@contextmanager
def tiles(
    path: Path, title: str, count: int, columns: int, size: tuple[float, float]
) -> Iterator[list[Axes]]:
    """Open a picture with as many rows as `count` tiles of `size` inches need; yield its axes.

    With none, it is as high as its title, which says why.
    """
    rows = max(1, -(-count // columns))
    height = size[1] * rows * bool(count) + 0.2 * (1 + len(title.splitlines()))
    with picture(path, rows, columns, (size[0] * columns, height)) as grid:
        grid[0, 0].figure.suptitle(title, fontsize=11)
        for axes in grid.flat:
            axes.set_axis_off()
        yield list(grid.flat)


def wall(images: NDArray[np.uint8], gap: int) -> NDArray[np.uint8]:
    """Join images [rows, columns, height, width, channels] to one, with white gaps in pixels."""
    rows, columns, height, width, channels = images.shape
    spaced = np.full((rows, columns, height + gap, width + gap, channels), 255, np.uint8)
    spaced[:, :, :height, :width] = images
    joined = spaced.transpose(0, 2, 1, 3, 4).reshape(
        rows * (height + gap), columns * (width + gap), channels
    )
    return joined[: rows * (height + gap) - gap, : columns * (width + gap) - gap]


def literal(text: str) -> str:
    """Return a text that Matplotlib draws as it is: no formulas, and every character seen."""
    return visible(text).replace("$", r"\$")


def caption(name: str) -> str:
    """Return a class name as a short single line, drawn as it is."""
    line = visible(" ".join(name.split()))
    return literal(line if len(line) <= MOST_LETTERS else f"{line[: MOST_LETTERS - 1]}…")


def path_caption(path: str, letters: int = MOST_LETTERS) -> str:
    """Return the end of a file's path as a short single line, as `caption` does with a name."""
    line = visible(" ".join(path.split()))
    return literal(line if len(line) <= letters else f"…{line[1 - letters :]}")


def show_image(axes: Axes, image: NDArray[np.uint8]) -> None:
    """Draw one image [height, width, channels], grey or RGB, without axes."""
    axes.set_axis_off()
    if image.shape[2] == 1:
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
    else:
        axes.imshow(image)
