"""The confusion matrix as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pipeline.figures.canvas import caption, picture

MOST_NUMBERED = 20
MOST_PAIRS = 20
# Names of so many letters fit side by side below the matrix.
UPRIGHT = 3


def draw(matrix: NDArray[np.int64], classes: Sequence[str], title: str, path: Path) -> None:
    """Draw counts [actual, predicted]; the shade is the share of the actual class.

    Up to 20 classes have their names, counts and recall; of more, the 20 pairs that are most often
    confused are listed beside the matrix.
    """
    totals = matrix.sum(axis=1)
    share = matrix / np.maximum(totals, 1)[:, None]
    names = [caption(name) for name in classes]
    if len(classes) <= MOST_NUMBERED:
        # Room for names of more than a few letters, inches.
        letters = max(0, max(map(len, names)) - 6)
        side = 2.2 + 0.4 * len(classes) + 0.1 * letters
        with picture(path, 1, 1, (max(side, 5) + 0.5, side)) as grid:
            _shade(grid[0, 0], share, title)
            _number(grid[0, 0], matrix, share, names)
    else:
        with picture(path, 1, 2, (12, 6.5)) as grid:
            _shade(grid[0, 0], share, title)
            _list(grid[0, 1], matrix, names)


def _shade(axes: Axes, share: NDArray[np.float64], title: str) -> None:
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="predicted", ylabel="actual")
    axes.set_title(f"{title}\nshade: share of the actual class", fontsize=10)


def _number(
    axes: Axes, matrix: NDArray[np.int64], share: NDArray[np.float64], names: Sequence[str]
) -> None:
    slanted: dict[str, Any] = (
        {"rotation": 45, "ha": "right"} if max(map(len, names)) > UPRIGHT else {}
    )
    axes.set_xticks(range(len(names)), names, **slanted)
    axes.set_yticks(range(len(names)), names)
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            colour = "white" if share[row, column] > 0.5 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)
    recall = axes.secondary_yaxis("right")
    # A class without test images has no recall.
    recalls = [
        f"{value:.0%}" if total else ""
        for value, total in zip(np.diag(share), matrix.sum(axis=1), strict=True)
    ]
    recall.set_yticks(range(len(names)), recalls)
    recall.tick_params(length=0)
    recall.set_ylabel("recall")


def _list(axes: Axes, matrix: NDArray[np.int64], names: Sequence[str]) -> None:
    axes.set_axis_off()
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    pairs = [divmod(int(place), len(names)) for place in order if wrong.flat[place]]
    lines = [
        f"{matrix[row, column]:>4} of {matrix[row].sum():<5} {names[row]} as {names[column]}"
        for row, column in pairs
    ]
    text = "\n".join(["most often confused", *(lines or ["none"])])
    axes.text(0, 1, text, va="top", family="monospace", fontsize=9, linespacing=1.5)
