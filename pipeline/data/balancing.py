"""The choice of whole groups so that of each class about a share of the images is chosen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Times that all groups are looked at; later ones hardly change anything.
MOST_ROUNDS = 5

# The classes of a group's images with their numbers.
Content = list[tuple[int, int]]


def choose(
    groups: NDArray[np.int64], labels: NDArray[np.int64], fraction: float, seed: int
) -> NDArray[np.int64]:
    """Choose groups in random order, each that brings the classes closer to their shares.

    The distance is the sum over classes of (chosen - wanted)² / images. After the first round,
    groups are taken in or out as long as that brings the classes still closer. At least one group
    is chosen and one is not, if there are two.

    Args:
        groups: The group of each image, [n].
        labels: The class of each image, [n].
        fraction: Share of the images to choose.
        seed: Decides the order.

    Returns:
        The chosen groups.
    """
    names, contents = _contents(groups, labels)
    scale = _Scale(labels, fraction)
    order = np.random.default_rng(seed).permutation(len(names)).tolist()
    chosen = scale.improve(contents, order, [False] * len(names))
    return names[scale.neither_none_nor_all(contents, order, chosen)]


def choose_by_key(
    groups: NDArray[np.int64],
    labels: NDArray[np.int64],
    fraction: float,
    keys: NDArray[np.uint64],
    tolerance: float,
) -> NDArray[np.int64]:
    """Choose the groups whose key is below the limit, and adjust that if classes miss their shares.

    The choice of a group does not depend on the others but for those with keys near the limit,
    which are taken in or out until every class is within the tolerance, or nothing helps.

    Args:
        groups: The group of each image, [n].
        labels: The class of each image, [n].
        fraction: Share of the images to choose; as a fraction of 2^64 it is the limit.
        keys: The key of each image's group, uint64 [n].
        tolerance: How far a class may be off, as a part of its share.

    Returns:
        The chosen groups.
    """
    names, contents = _contents(groups, labels)
    scale = _Scale(labels, fraction)
    key_of = dict(zip(groups.tolist(), keys.tolist(), strict=True))
    own = [key_of[name] for name in names.tolist()]
    limit = int(fraction * 2**64)
    nearest = sorted(range(len(own)), key=lambda number: (abs(own[number] - limit), own[number]))
    chosen = scale.improve(contents, nearest, [key < limit for key in own], tolerance=tolerance)
    return names[scale.neither_none_nor_all(contents, nearest, chosen)]


class _Scale:
    """How far a choice is from the wanted numbers of images of each class."""

    def __init__(self, labels: NDArray[np.int64], fraction: float) -> None:
        self._images = np.bincount(labels).tolist()
        self._wanted = [fraction * images for images in self._images]
        self._chosen = [0] * len(self._images)

    def improve(
        self,
        contents: Sequence[Content],
        order: Sequence[int],
        chosen: list[bool],
        *,
        tolerance: float = 0.0,
    ) -> list[bool]:
        """Take groups in or out, in this order, until nothing brings the classes closer."""
        for number, taken in enumerate(chosen):
            if taken:
                self._move(contents[number], 1)
        for _ in range(MOST_ROUNDS):
            changed = False
            for number in order:
                if tolerance and self._within(tolerance):
                    return chosen
                step = -1 if chosen[number] else 1
                if self._change(contents[number], step) < 0:
                    self._move(contents[number], step)
                    chosen[number], changed = step == 1, True
            if not changed:
                break
        return chosen

    def neither_none_nor_all(
        self, contents: Sequence[Content], order: Sequence[int], chosen: list[bool]
    ) -> NDArray[np.bool_]:
        """Take in, or out, the group that does least harm if all groups are on one side."""
        if len(set(chosen)) == 1 and len(chosen) > 1:
            step = -1 if chosen[0] else 1
            least = min(order, key=lambda number: self._change(contents[number], step))
            chosen[least] = step == 1
        return np.array(chosen, bool)

    def _change(self, content: Content, step: int) -> float:
        """Return by how much the distance grows with a group that is taken in (1) or out (-1)."""
        change = 0.0
        for label, count in content:
            off = self._chosen[label] - self._wanted[label]
            change += ((off + step * count) ** 2 - off**2) / self._images[label]
        return change

    def _move(self, content: Content, step: int) -> None:
        for label, count in content:
            self._chosen[label] += step * count

    def _within(self, tolerance: float) -> bool:
        return all(
            abs(chosen - wanted) <= tolerance * wanted
            for chosen, wanted in zip(self._chosen, self._wanted, strict=True)
        )


def _contents(
    groups: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[Content]]:
    """Return the groups in the order of their first images, and the classes in each."""
    names, first, number = np.unique(groups, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    classes = int(labels.max()) + 1
    cells, counts = np.unique(place[number] * classes + labels, return_counts=True)
    contents: list[Content] = [[] for _ in names]
    for cell, count in zip(cells.tolist(), counts.tolist(), strict=True):
        contents[cell // classes].append((cell % classes, count))
    return names[order], contents
