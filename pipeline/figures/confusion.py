"""The confusion matrix as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.figures.canvas import caption, picture

MOST_NUMBERED = 20


def draw(matrix: NDArray[np.int64], classes: Sequence[str], title: str, path: Path) -> None:
    """Draw counts [actual, predicted]; the shade is the share of the actual class."""
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    names = [caption(name) for name in classes]
    numbered = len(classes) <= MOST_NUMBERED
    # Room for names of more than a few letters, inches.
    letters = max(map(len, names)) - 6 if numbered else 0
    side = 2.5 + 0.45 * min(len(classes), MOST_NUMBERED) + 0.1 * max(letters, 0)
    with picture(path, 1, 1, (side, side)) as grid:
        axes = grid[0, 0]
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        axes.set(xlabel="predicted", ylabel="actual", title=title)
        if not numbered:
            return
        axes.set_xticks(range(len(classes)), names, rotation=45, ha="right")
        axes.set_yticks(range(len(classes)), names)
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                colour = "white" if share[row, column] > 0.5 else "black"
                axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=8)
