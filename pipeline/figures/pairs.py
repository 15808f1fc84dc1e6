"""The pairs of exact and near duplicates, pairs across two splits first."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.duplicates import Duplicates
from pipeline.data.gathering import NAMES, TEST, Gathered
from pipeline.figures.canvas import caption, picture, show_image

ROWS, COLUMNS = 6, 4


def draw(
    gathered: Gathered,
    duplicates: Duplicates,
    parts: NDArray[np.int8],
    classes: Sequence[str],
    path: Path,
) -> None:
    """Draw up to 24 pairs, with the split, index and class of the left and the right image."""
    pairs = worst_pairs(duplicates, parts)[: ROWS * COLUMNS]
    names = [*NAMES, "left out"]
    with picture(path, ROWS, COLUMNS, (2.8 * COLUMNS, 1.7 * ROWS)) as grid:
        title = "duplicates: test images in other splits first, equal ones before nearly equal ones"
        grid[0, 0].figure.suptitle(title if len(pairs) else "no duplicates found")
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, pair in zip(grid.flat, pairs, strict=False):
            show_image(axes, np.concatenate(list(gathered.images(pair)), axis=1))
            captions = [
                f"{names[parts[i]]} #{i}: {caption(classes[gathered.labels[i]])}" for i in pair
            ]
            axes.set_title("\n".join(captions), fontsize=6)


def worst_pairs(duplicates: Duplicates, parts: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return the pairs, int64 [k, 2], most harmful first.

    Pairs of a test image and an image of another split come first, then other pairs across splits,
    then pairs within a split. Within each of these, exact duplicates come before near ones.
    """
    repeats = np.flatnonzero(duplicates.exact != np.arange(len(duplicates.exact)))
    exact = np.stack([duplicates.exact[repeats], repeats], axis=1)
    pairs = np.concatenate([exact, duplicates.near])
    of_pair = parts[pairs]
    across = of_pair[:, 0] != of_pair[:, 1]
    harm = across * 1 + (across & (of_pair == TEST).any(axis=1)) * 1
    return pairs[np.argsort(-harm, kind="stable")]
