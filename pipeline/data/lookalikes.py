"""The search for images whose perceptual hashes differ in few bits, without comparing all pairs."""

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.data.hashing import BITS

MOST_BITS = 4
CHOICES = tuple(itertools.combinations(range(MOST_BITS + 2), 2))
# A bucket holds the images that agree in two bands of their hashes; larger ones are not compared.
LARGEST_BUCKET = 5000
# The most pairs in which one image is the left one.
MOST_PARTNERS = 100
RUNS_AT_ONCE = 1 << 12


def alike(
    hashes: NDArray[np.uint64], partners: NDArray[np.int32], large: NDArray[np.uint16]
) -> Iterator[NDArray[np.int64]]:
    """Find pairs of hashes that differ in at most `MOST_BITS` bits, int64 [k, 2], each once.

    The bits are divided into `MOST_BITS` + 2 bands. Two such hashes agree in at least two bands,
    so only hashes that agree in two bands are compared (Manku, Jain and Das Sarma 2007, "Detecting
    near-duplicates for web crawling").

    Args:
        hashes: The hashes, [n].
        partners: Number of pairs so far with each image as the left one, [n]; the caller counts.
            Images with `MOST_PARTNERS` get no more, because n frames of one scene would have
            n² / 2 pairs.
        large: Filled here, [n]: bit i is set if the image's bucket for the i-th two bands is
            larger than `LARGEST_BUCKET`.
    """
    n = len(hashes)
    # The order decides which partners come first; shuffled, it does not depend on the class.
    shuffled = np.random.default_rng(0).permutation(n)
    for number, bands in enumerate(CHOICES):
        key = hashes & _mask(bands)
        order = shuffled[np.argsort(key[shuffled], kind="stable")]
        ordered = key[order]
        start, count = runs(ordered[1:] == ordered[:-1])
        for run in np.flatnonzero(count > LARGEST_BUCKET):
            large[order[start[run] : start[run] + count[run]]] |= np.uint16(1 << number)
        earlier = np.uint16((1 << number) - 1)
        for left, right in _pairs(start, count):
            a, b = order[left], order[right]
            different = hashes[a] ^ hashes[b]
            close = (np.bitwise_count(different) <= MOST_BITS) & (partners[a] < MOST_PARTNERS)
            if not close.any():
                continue
            a, b = a[close], b[close]
            compared = _agreeing(different[close]) & earlier & ~large[a]
            yield np.stack([a, b], axis=1)[compared == 0]


def _agreeing(different: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Mark the choices of two bands in which no bit differs, uint16 [k]."""
    marks = np.zeros(len(different), np.uint16)
    for number, bands in enumerate(CHOICES):
        marks |= (different & _mask(bands) == 0).astype(np.uint16) << np.uint16(number)
    return marks


def runs(same: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the start and the length of each run of two or more equal values.

    Args:
        same: Whether each value equals the next, bool [n - 1].
    """
    padded = np.concatenate([[False], same, [False]])
    start = np.flatnonzero(~padded[:-1] & padded[1:])
    last = np.flatnonzero(padded[:-1] & ~padded[1:])
    return start, last - start + 1


@cache
def _mask(bands: tuple[int, ...]) -> np.uint64:
    """Mark the bits of some bands; a band is every sixth bit, so it mixes all frequencies."""
    return np.uint64(sum(1 << bit for bit in range(BITS) if bit % (MOST_BITS + 2) in bands))


def _pairs(
    start: NDArray[np.int64], count: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pair the positions within each run, for `RUNS_AT_ONCE` runs at a time."""
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
