"""The functions that all pictures share: opening, saving, captions, images."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pipeline.base.files import replacing

matplotlib.use("agg")

MOST_LETTERS = 24


@contextmanager
def picture(path: Path, rows: int, columns: int, size: tuple[float, float]) -> Iterator[Any]:
    """Open a figure of `size` inches, yield its axes [rows, columns], and save it as PNG."""
    figure, grid = plt.subplots(
        rows, columns, figsize=size, squeeze=False, layout="constrained", dpi=120
    )
    try:
        yield grid
        with replacing(path) as scratch:
            # By default the file would contain the version of Matplotlib.
            figure.savefig(scratch, format="png", metadata={"Software": None})
    finally:
        plt.close(figure)


def caption(name: str) -> str:
    """Return a class name as a short single line, with dollar signs escaped (no formulas)."""
    line = " ".join(name.split())
    short = line if len(line) <= MOST_LETTERS else f"{line[: MOST_LETTERS - 1]}…"
    return short.replace("$", r"\$")


def path_caption(path: str, letters: int = MOST_LETTERS) -> str:
    """Return the end of a file's path as a short single line, as `caption` does with a name."""
    line = " ".join(path.split())
    short = line if len(line) <= letters else f"…{line[1 - letters :]}"
    return short.replace("$", r"\$")


def show_image(axes: Axes, image: NDArray[np.uint8]) -> None:
    """Draw one image [height, width, channels], grey or RGB, without axes."""
    axes.set_axis_off()
    if image.shape[2] == 1:
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
    else:
        axes.imshow(image)
