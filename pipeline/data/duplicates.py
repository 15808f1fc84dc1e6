"""Images that are the same, or nearly the same, within and across the splits.

Exact duplicates have equal pixels. Near duplicates have perceptual hashes that differ in few bits,
and pixels that correlate: the hash alone takes any two pictures of one composition for the same.
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
# what lies on either side.
LEAST_CORRELATION = 0.95
# Each image that is read from the map brings the pages around it into memory.
PAIRS_AT_ONCE = 100


@dataclass(frozen=True)
class Duplicates:
    """What is the same as what.

    Attributes:
        exact: int64 [n], for each image the first one with equal pixels: itself if it is alone.
        near: int64 [k, 2], pairs of images, both the first of their kind, that look the same.
        not_compared: How many images were in buckets too large to compare.
    """

    exact: NDArray[np.int64]
    near: NDArray[np.int64]
    not_compared: int

    def groups(self) -> NDArray[np.int64]:
        """Name for each image its group: what exact and near duplicates connect, int64 [n]."""
        n = len(self.exact)
        left = np.concatenate([np.arange(n), self.near[:, 0]])
        right = np.concatenate([self.exact, self.near[:, 1]])
        graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
        return connected_components(graph, directed=False)[1].astype(np.int64)


def find(gathered: Gathered) -> Duplicates:
    """Find all exact duplicates among the images, and of each image the near ones, up to 100."""
    exact = _first_equal(gathered.digests)
    unique = np.flatnonzero(exact == np.arange(len(exact)))
    partners, large = np.zeros(len(unique), np.int32), np.zeros(len(unique), np.uint16)
    found = [np.empty((0, 2), np.int64)]
    for pairs in _batches(alike(gathered.hashes[unique], partners, large)):
        same = pairs[_correlation(*map(gathered.images, unique[pairs].T)) >= LEAST_CORRELATION]
        np.add.at(partners, same[:, 0], 1)
        found.append(unique[np.sort(same, axis=1)])
    near = np.concatenate(found)
    near = near[np.lexsort(near.T[::-1])]
    return Duplicates(exact, near, int((large > 0).sum()))


def _first_equal(digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Find for each row of [n, 2] the first that equals it, int64 [n]."""
    order = np.argsort(digests[:, 0], kind="stable")
    ordered = digests[order, 0]
    same = ordered[1:] == ordered[:-1]
    close = np.flatnonzero(same)
    same[close] = digests[order[close], 1] == digests[order[close + 1], 1]
    start, count = runs(same)
    # The sort is stable, so the first of a run is the first of all.
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    first = np.arange(len(digests))
    first[order[np.repeat(start, count) + offset]] = order[np.repeat(start, count)]
    return first


def _batches(pieces: Iterator[NDArray[np.int64]]) -> Iterator[NDArray[np.int64]]:
    """Put pieces of pairs together, or apart, to `PAIRS_AT_ONCE`."""
    waiting = np.empty((0, 2), np.int64)
    for piece in pieces:
        waiting = np.concatenate([waiting, piece])
        while len(waiting) >= PAIRS_AT_ONCE:
            yield waiting[:PAIRS_AT_ONCE]
            waiting = waiting[PAIRS_AT_ONCE:]
    if len(waiting):
        yield waiting


def _correlation(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Correlate the pixels of images pairwise, float32 [k]; 0 where an image is of one colour."""
    a, b = (side.reshape(len(side), -1).astype(np.float32) for side in (left, right))
    a -= a.mean(axis=1, keepdims=True)
    b -= b.mean(axis=1, keepdims=True)
    norm = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return (a * b).sum(axis=1) / np.maximum(norm, 1e-6)


def count(
    duplicates: Duplicates, labels: NDArray[np.int64], parts: NDArray[np.int8]
) -> dict[str, int]:
    """Count images that have a duplicate, exact and near ones apart, for results/data.json.

    Test images that have one in training or in validation, validation images that have one in
    training, images that have one in their own split, and images with one of another label.
    """
    n = len(labels)
    # One row an image, used at the first of each kind: how many of that kind are in each part.
    table = np.zeros((n, len(NAMES) + 1), np.int32)
    np.add.at(table, (duplicates.exact, parts), 1)
    # Which parts hold images that nearly equal those of the kind.
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
    """Count images from what their kind has elsewhere (`across`) and in its own part (`within`)."""
    train, validation, test = range(len(NAMES))
    counts = {
        "test_in_train": table[across[:, train], test],
        "test_in_validation": table[across[:, validation], test],
        "validation_in_train": table[across[:, train], validation],
        **{f"within_{name}": table[within[:, i], i] for i, name in enumerate(NAMES)},
    }
    return {f"{prefix}_{name}": int(column.sum()) for name, column in counts.items()}
