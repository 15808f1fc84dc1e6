"""The pairs of exact and near duplicates, pairs across two splits first."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.duplicates import Duplicates
from pipeline.data.gathering import NAMES, TEST, Gathered
from pipeline.figures.canvas import caption, path_caption, show_image, tiles, wall

MOST_DRAWN, COLUMNS = 24, 4


def draw(
    gathered: Gathered,
    duplicates: Duplicates,
    parts: NDArray[np.int8],
    classes: Sequence[str],
    path: Path,
) -> None:
    """Draw up to 24 pairs, with the split and class of the left and the right image.

    A picture file is named by its path, another image by its index.
    """
    pairs = worst_pairs(duplicates, parts)[:MOST_DRAWN]
    names = [*NAMES, "left out"]
    title = "duplicates: test images in other splits first, equal ones before nearly equal ones"
    title = title if len(pairs) else "no duplicates found"
    with tiles(path, title, len(pairs), COLUMNS, (2.2, 1.5)) as grid:
        for axes, pair in zip(grid, pairs, strict=False):
            show_image(axes, wall(gathered.images(pair)[None], gap=1))
            captions = [
                f"{names[parts[i]]} {_which(gathered, i)}: {caption(classes[gathered.labels[i]])}"
                for i in pair
            ]
            axes.set_title("\n".join(captions), fontsize=8)


def describe(
    gathered: Gathered, duplicates: Duplicates, parts: NDArray[np.int8]
) -> dict[str, list[list[str]]]:
    """Return the paths of pairs, the part before each ("test: cat/1.jpg"), at most 24 of each kind.

    `duplicate_files` are those that `draw` draws, `other_label_files` equal ones of two classes.
    """
    names = [*NAMES, "left out"]
    worst = worst_pairs(duplicates, parts)
    equal = duplicates.exact[worst[:, 0]] == duplicates.exact[worst[:, 1]]
    labels = gathered.labels[worst]
    mixed = worst[equal & (labels[:, 0] != labels[:, 1])]
    return {
        key: [[f"{names[parts[i]]}: {gathered.files[i]}" for i in pair] for pair in pairs.tolist()]
        for key, pairs in (
            ("duplicate_files", worst[:MOST_DRAWN]),
            ("other_label_files", mixed[:MOST_DRAWN]),
        )
    }


def _which(gathered: Gathered, index: int) -> str:
    return path_caption(gathered.files[index], 32) if gathered.files else f"#{index}"


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
