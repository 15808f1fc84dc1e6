"""Images that are the same, or nearly the same, within and across the splits.

Exact duplicates have equal pixels. Near duplicates have perceptual hashes that differ in few bits,
and pixels that correlate: the hash alone takes any two pictures of one composition for the same.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.data.gathering import NAMES, Gathered
from pipeline.data.hashing import BITS

# Chosen by looking at pairs of the real data sets: docs/data.md shows what lies on either side.
MOST_BITS = 4
LEAST_CORRELATION = 0.95
# More images than this that agree in two bands of their hashes are not compared one with another.
LARGEST_BUCKET = 5000
RUNS_AT_ONCE = 1 << 12
# Each image that is read from the map brings the pages around it into memory.
IMAGES_AT_ONCE = 100


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
    """Find all duplicates among the images."""
    exact = _first_equal(gathered.digests)
    unique = np.flatnonzero(exact == np.arange(len(exact)))
    candidates, not_compared = _alike(gathered.hashes[unique])
    near = _confirm(gathered, unique[candidates])
    return Duplicates(exact, near, not_compared)


def _first_equal(digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Find for each row of [n, 2] the first that equals it, int64 [n]."""
    order = np.argsort(digests[:, 0], kind="stable")
    ordered = digests[order, 0]
    same = ordered[1:] == ordered[:-1]
    close = np.flatnonzero(same)
    same[close] = digests[order[close], 1] == digests[order[close + 1], 1]
    start, count = _runs(same)
    # The sort is stable, so the first of a run is the first of all.
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    first = np.arange(len(digests))
    first[order[np.repeat(start, count) + offset]] = order[np.repeat(start, count)]
    return first


def _alike(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], int]:
    """Find pairs of hashes at most `MOST_BITS` apart, int64 [k, 2], each once.

    Of `MOST_BITS` + 2 bands of bits, two such hashes agree in two at least, so only hashes that do
    are compared (Manku, Jain and Das Sarma 2007, "Detecting near-duplicates for web crawling").
    """
    n = len(hashes)
    found = [np.empty(0, np.int64)]
    skipped = np.zeros(n, bool)
    for bands in itertools.combinations(range(MOST_BITS + 2), 2):
        key = hashes & _mask(bands)
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        start, count = _runs(ordered[1:] == ordered[:-1])
        for run in np.flatnonzero(count > LARGEST_BUCKET):
            skipped[order[start[run] : start[run] + count[run]]] = True
        for left, right in _pairs(start, count):
            # The sort is stable: within a run, the left image comes first.
            a, b = order[left], order[right]
            close = np.bitwise_count(hashes[a] ^ hashes[b]) <= MOST_BITS
            found.append(a[close] * n + b[close])
    pairs = np.unique(np.concatenate(found))
    return np.stack([pairs // max(n, 1), pairs % max(n, 1)], axis=1), int(skipped.sum())


def _runs(same: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where values repeat: the start and the length of each run of two or more.

    Args:
        same: Whether each value equals the next, bool [n - 1].
    """
    padded = np.concatenate([[False], same, [False]])
    start = np.flatnonzero(~padded[:-1] & padded[1:])
    last = np.flatnonzero(padded[:-1] & ~padded[1:])
    return start, last - start + 1


def _mask(bands: tuple[int, ...]) -> np.uint64:
    """Mark the bits of some bands; a band is every sixth bit, of low and high frequencies."""
    return np.uint64(sum(1 << bit for bit in range(BITS) if bit % (MOST_BITS + 2) in bands))


def _pairs(
    start: NDArray[np.int64], count: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pair the positions within each run, of `RUNS_AT_ONCE` runs at a time."""
    kept = count <= LARGEST_BUCKET
    start, count = start[kept], count[kept]
    for distance in range(1, int(count.max(initial=1))):
        longer = count > distance
        start, count = start[longer], count[longer]
        pairs = count - distance
        ends = np.cumsum(pairs)
        for low in range(0, len(start), RUNS_AT_ONCE):
            part = slice(low, low + RUNS_AT_ONCE)
            offset = np.arange(int(pairs[part].sum())) - np.repeat(
                ends[part] - pairs[part] - (ends[low] - pairs[low]), pairs[part]
            )
            left = np.repeat(start[part], pairs[part]) + offset
            yield left, left + distance


def _confirm(gathered: Gathered, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Keep the pairs whose pixels correlate, int64 [k, 2]."""
    kept = np.zeros(len(pairs), bool)
    for begin in range(0, len(pairs), IMAGES_AT_ONCE):
        part = pairs[begin : begin + IMAGES_AT_ONCE]
        left, right = (gathered.images(side) for side in part.T)
        kept[begin : begin + IMAGES_AT_ONCE] = _correlation(left, right) >= LEAST_CORRELATION
    return pairs[kept]


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
