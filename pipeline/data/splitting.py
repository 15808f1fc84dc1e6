"""The division of a data set into train, validation and test."""

import hashlib
import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from pipeline.config.params import Split
from pipeline.data import balancing
from pipeline.data.gathering import NAMES, TEST, TRAIN, VALIDATION, Gathered
from pipeline.data.source import DataError

LEFT_OUT = 3
# How far the share of test images in a class may be from `split.test_fraction`, as a part of that,
# where digests decide.
TOLERANCE = 0.1


def assign(
    gathered: Gathered,
    classes: Sequence[str],
    cuts: Split,
    groups: NDArray[np.int64],
    *,
    grows: bool,
    names: Sequence[str] = (),
) -> NDArray[np.int8]:
    """Assign each image to training, validation or test.

    Official parts stay as they are. If there are no official test images, test images are chosen
    first. In a data set that grows, each image's own digest decides, so an added image moves at
    most one old one to another part; otherwise a share stratified by class is drawn. Where groups
    have names (`split.group_by`), the smallest name in a group decides in place of a digest.
    Validation images are always a stratified share. Images of one group stay together, and shares
    are counted in images, not in groups. A training or validation image is
    left out if its group holds an official image of a later part.

    Args:
        gathered: The images.
        classes: Class names in label order, for error messages.
        cuts: Fractions and seed.
        groups: int64 [n], the group of each image, from 0 to n - 1.
        grows: Whether images may be added to the data set.
        names: The name of each image's group, [n]; empty if groups have none. Images of one name
            are in one group, which may hold several names.

    Returns:
        int8 [n] of TRAIN, VALIDATION, TEST and LEFT_OUT.

    Raises:
        DataError: a class has too few images, or a part would be empty.
    """
    parts, labels = gathered.official.copy(), gathered.labels
    has_test, has_validation = (bool((parts == part).any()) for part in (TEST, VALIDATION))
    if has_test:
        _leave_out(parts, groups, TEST)
    elif grows:
        _require_two(labels, classes)
        chosen = (
            _by_name(names, groups, labels, cuts) if names else _by_digest(gathered, groups, cuts)
        )
        _move(parts, groups, chosen, TEST)
    else:
        _move(parts, groups, _stratified(parts, groups, labels, classes, cuts, "test"), TEST)
    if has_validation:
        _leave_out(parts, groups, VALIDATION)
    else:
        chosen = _stratified(parts, groups, labels, classes, cuts, "validation")
        _move(parts, groups, chosen, VALIDATION)
    _require_images(gathered, parts, classes, cuts)
    return parts


def _move(
    parts: NDArray[np.int8], groups: NDArray[np.int64], chosen: NDArray[np.int64], part: int
) -> None:
    """Move the training images of the chosen groups to `part`."""
    parts[(parts == TRAIN) & _in(groups, chosen)] = part


def _in(groups: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each image's group is among the chosen ones, bool [n]."""
    table = np.zeros(len(groups), bool)
    table[chosen] = True
    return table[groups]


def _leave_out(parts: NDArray[np.int8], groups: NDArray[np.int64], later: int) -> None:
    earlier = parts < later
    parts[earlier & _in(groups, groups[parts == later])] = LEFT_OUT


def _by_digest(gathered: Gathered, groups: NDArray[np.int64], cuts: Split) -> NDArray[np.int64]:
    """Choose test images so that neither their order nor, but for a few, their number counts.

    Each group has a key, its smallest digest hashed with the seed. Equal images have equal keys and
    stay together. Groups whose key as a fraction of 2^64 is below the test fraction are chosen. In
    a small class their share may be far from that, so groups with keys near the limit are added or
    taken away until it is within `TOLERANCE`. An added image then moves at most one old one.
    """
    keys = _keys([digest.tobytes() for digest in gathered.digests], groups, cuts.random_state)
    # Equal images with different labels count in the class of the first one.
    _, first, unit, sizes = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    below = keys[first] < int(cuts.test_fraction * 2**64)
    chosen = np.zeros(len(sizes), bool)
    of_class = gathered.labels[first]
    for label in np.unique(of_class):
        units = np.flatnonzero(of_class == label)  # np.unique has sorted them by key
        wanted = cuts.test_fraction * int(sizes[units].sum())
        chosen[units] = _adjusted(sizes[units], below[units], wanted)
    return np.unique(groups[chosen[unit]])


def _adjusted(
    sizes: NDArray[np.int64], below: NDArray[np.bool_], wanted: float
) -> NDArray[np.bool_]:
    """Add or take away groups, those nearest to the limit first, until their sizes sum up well.

    Args:
        sizes: Number of images of each group, in the order of the keys.
        below: Whether each key is below the limit: first true, then false.
        wanted: Number of images to choose.
    """
    chosen, total = below.copy(), int(sizes[below].sum())
    for _ in range(2):  # a second time in case a large group has moved too much
        few = total < wanted
        for number in np.flatnonzero(~chosen) if few else np.flatnonzero(chosen)[::-1]:
            if abs(total - wanted) <= TOLERANCE * wanted:
                break
            after = total + int(sizes[number]) * (1 if few else -1)
            if abs(after - wanted) < abs(total - wanted):
                chosen[number], total = few, after
    return chosen


def _by_name(
    names: Sequence[str], groups: NDArray[np.int64], labels: NDArray[np.int64], cuts: Split
) -> NDArray[np.int64]:
    """Choose test images as `_by_digest` does, by the names of their groups.

    A group may hold images of several classes.
    """
    keys = _keys([name.encode() for name in names], groups, cuts.random_state)
    return balancing.choose_by_key(groups, labels, cuts.test_fraction, keys, TOLERANCE)


def _keys(contents: Iterable[bytes], groups: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Hash the smallest content in the group of each image with the seed, uint64 [n]."""
    smallest: dict[int, bytes] = {}
    for group, content in zip(groups.tolist(), contents, strict=True):
        smallest[group] = min(smallest.get(group, content), content)
    key = seed.to_bytes(8, "little")
    hashed = {
        group: int.from_bytes(hashlib.blake2b(content, digest_size=8, key=key).digest())
        for group, content in smallest.items()
    }
    return np.array([hashed[group] for group in groups.tolist()], np.uint64)


def _stratified(
    parts: NDArray[np.int8],
    groups: NDArray[np.int64],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    cuts: Split,
    name: str,
) -> NDArray[np.int64]:
    """Choose a share of the training images, whole groups, stratified by class.

    Of single images the share is turned into a count first, so 1/6 of 60,000 is exactly 10,000.
    """
    free = np.flatnonzero(parts == TRAIN)
    first = np.empty(len(groups), np.int64)
    first[groups[free[::-1]]] = free[::-1]  # the last one written is the group's first image
    leaders = free[first[groups[free]] == free].astype(np.int32)
    fraction = cuts.test_fraction if name == "test" else cuts.validation_fraction
    if len(leaders) < len(free):
        pairs = np.unique(np.stack([groups[free], labels[free]]), axis=1)
        _require_two(pairs[1], classes)
        return balancing.choose(groups[free], labels[free], fraction, cuts.random_state)
    _require_two(labels[leaders], classes)
    del first, free  # the next lines take the most memory of the stage
    count = round(len(leaders) * fraction)
    _require_one_each(count, labels[leaders], fraction, name)
    _, chosen = train_test_split(
        leaders, test_size=count, random_state=cuts.random_state, stratify=labels[leaders]
    )
    return groups[chosen]


def _require_one_each(count: int, labels: NDArray[np.int64], fraction: float, name: str) -> None:
    """Check that a stratified share can have an image of each class, and leave one.

    Raises:
        DataError: it cannot.
    """
    n, classes = len(labels), len(np.unique(labels))
    if classes <= count <= n - classes:
        return
    # Rounded towards the middle, so that the values that are named are allowed.
    least, most = math.ceil(1000 * classes / n) / 1000, math.floor(1000 * (1 - classes / n)) / 1000
    ways = f"set it from {least:g} to {most:g}, " if least <= most else ""
    raise DataError(
        f"split.{name}_fraction = {fraction:g}: {count} of {n} images for {name}, but each of the "
        f"{classes} classes needs one there and one to train on: {ways}add images, or remove small "
        "classes."
    )


def _require_two(labels: NDArray[np.int64], classes: Sequence[str]) -> None:
    alone = [name for name, count in zip(classes, np.bincount(labels), strict=False) if count == 1]
    if alone:
        raise DataError(
            f"one image left of {', '.join(alone)} to divide between training and the rest; a "
            "class needs two or more, duplicates not counted where split.group_duplicates is "
            "true. Add images, or remove the class."
        )


def _require_images(
    gathered: Gathered, parts: NDArray[np.int8], classes: Sequence[str], cuts: Split
) -> None:
    """Check that each class has training images and that no other part is empty.

    Raises:
        DataError: a class has no training images, or a part has no images.
    """
    counts = np.bincount(gathered.labels[parts == TRAIN], minlength=len(classes))
    missing = [name for name, count in zip(classes, counts, strict=True) if not count]
    if missing:
        raise DataError(
            f"no training images left of {', '.join(missing)}. Add images of "
            f"{'it' if len(missing) == 1 else 'them'}, or try another split.random_state."
        )
    fractions = {VALIDATION: cuts.validation_fraction, TEST: cuts.test_fraction}
    for part, fraction in fractions.items():
        name = NAMES[part]
        if (parts == part).any():
            continue
        if (gathered.official == part).any():
            raise DataError(
                f"no {name} images left: each has a duplicate among the test images, or one of its "
                "group. Bring other ones, or set split.group_duplicates: false or split.group_by: "
                "null."
            )
        raise DataError(
            f"no {name} images: split.{name}_fraction = {fraction:g} with split.random_state = "
            f"{cuts.random_state} chooses none of {len(parts)} images. Raise the fraction, try "
            "another random_state, or add images."
        )
