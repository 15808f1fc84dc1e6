"""Exact and near duplicates among the images, within and across the splits.

Exact duplicates have equal pixels, picture files before they are resized. Near duplicates have
perceptual hashes that differ in few bits, and pixels that correlate. The hash alone would not do:
it is alike for any two pictures of the same composition.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.data.gathering import NAMES, Gathered
from pipeline.data.lookalikes import alike, runs

# Chosen, like lookalikes.MOST_BITS, by looking at pairs of the real data sets: docs/data.md shows
# pairs on either side.
LEAST_CORRELATION = 0.95
# Reading an image from the memory map brings the pages around it into memory.
PAIRS_AT_ONCE = 100


@dataclass(frozen=True)
class Duplicates:
    """The duplicates among n images.

    Attributes:
        exact: int64 [n], for each image the first one with equal pixels, possibly itself.
        near: int64 [k, 2], pairs of images that look the same. Of images with equal pixels only
            the first one appears here.
        not_compared: Number of images in buckets too large to compare.
    """

    exact: NDArray[np.int64]
    near: NDArray[np.int64]
    not_compared: int

    def groups(self) -> NDArray[np.int64]:
        """Return the group of each image, int64 [n]; exact and near duplicates share a group."""
        n = len(self.exact)
        left = np.concatenate([np.arange(n), self.near[:, 0]])
        right = np.concatenate([self.exact, self.near[:, 1]])
        graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
        return connected_components(graph, directed=False)[1].astype(np.int64)


def find(gathered: Gathered) -> Duplicates:
    """Find all exact duplicates among the images, and up to 100 near ones of each image."""
    exact = _first_equal(gathered.digests)
    unique = np.flatnonzero(exact == np.arange(len(exact)))
    partners, large = np.zeros(len(unique), np.int32), np.zeros(len(unique), np.uint16)
    found = [np.empty((0, 2), np.int64)]
    for pairs in _batches(alike(gathered.hashes[unique], partners, large)):
        same = pairs[_correlation(*map(gathered.looks, unique[pairs].T)) >= LEAST_CORRELATION]
        np.add.at(partners, same[:, 0], 1)
        found.append(unique[np.sort(same, axis=1)])
    near = np.concatenate(found)
    near = near[np.lexsort(near.T[::-1])]
    return Duplicates(exact, near, int((large > 0).sum()))


def _first_equal(digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Find for each row of [n, 2] the first row equal to it, int64 [n]."""
    order = np.argsort(digests[:, 0], kind="stable")
    ordered = digests[order, 0]
    same = ordered[1:] == ordered[:-1]
    close = np.flatnonzero(same)
    same[close] = digests[order[close], 1] == digests[order[close + 1], 1]
    start, count = runs(same)
    # The sort is stable, so the first of a run has the smallest index.
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    first = np.arange(len(digests))
    first[order[np.repeat(start, count) + offset]] = order[np.repeat(start, count)]
    return first


def _batches(pieces: Iterator[NDArray[np.int64]]) -> Iterator[NDArray[np.int64]]:
    """Join or divide pieces of pairs into batches of `PAIRS_AT_ONCE`; the last may be smaller."""
    waiting = np.empty((0, 2), np.int64)
    for piece in pieces:
        waiting = np.concatenate([waiting, piece])
        while len(waiting) >= PAIRS_AT_ONCE:
            yield waiting[:PAIRS_AT_ONCE]
            waiting = waiting[PAIRS_AT_ONCE:]
    if len(waiting):
        yield waiting


def _correlation(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the correlation of each pair's pixels, float32 [k]; 0 if an image has one colour."""
    a, b = (side.reshape(len(side), -1).astype(np.float32) for side in (left, right))
    a -= a.mean(axis=1, keepdims=True)
    b -= b.mean(axis=1, keepdims=True)
    norm = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return (a * b).sum(axis=1) / np.maximum(norm, 1e-6)


def count(
    duplicates: Duplicates, labels: NDArray[np.int64], parts: NDArray[np.int8]
) -> dict[str, int]:
    """Count images that have a duplicate for results/data.json, exact and near ones separately.

    The counts are: test images with a duplicate in training or in validation, validation images
    with one in training, images with one in their own split, and images with one of another label.
    """
    n = len(labels)
    # Images with equal pixels share one row, that of the first: their number in each part.
    table = np.zeros((n, len(NAMES) + 1), np.int32)
    np.add.at(table, (duplicates.exact, parts), 1)
    # For each such row, whether each part holds a near duplicate.
    near = np.zeros(table.shape, bool)
    for one, other in (duplicates.near.T, duplicates.near[:, ::-1].T):
        np.logical_or.at(near, one, table[other] > 0)
    mixed = np.zeros(n, bool)
    np.logical_or.at(mixed, duplicates.exact, labels != labels[duplicates.exact])
    alike = np.unique(duplicates.near[np.diff(labels[duplicates.near], axis=1)[:, 0] != 0])
    return {
        **_count("exact", table, table > 0, table > 1),
        "exact_other_label": int(table[mixed].sum()),
        **_count("near", table, near, near),
        "near_other_label": int(table[alike].sum()),
        "not_compared": duplicates.not_compared,
    }


def _count(
    prefix: str, table: NDArray[np.int32], across: NDArray[np.bool_], within: NDArray[np.bool_]
) -> dict[str, int]:
    """Count images that have a duplicate in another part (`across`) or in their own (`within`)."""
    train, validation, test = range(len(NAMES))
    counts = {
        "test_in_train": table[across[:, train], test],
        "test_in_validation": table[across[:, validation], test],
        "validation_in_train": table[across[:, train], validation],
        **{f"within_{name}": table[within[:, i], i] for i, name in enumerate(NAMES)},
    }
    return {f"{prefix}_{name}": int(column.sum()) for name, column in counts.items()}
