"""The division of a data set into train, validation and test."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from pipeline.config.params import Split
from pipeline.data.gathering import NAMES, TEST, TRAIN, VALIDATION, Gathered
from pipeline.data.source import DataError

LEFT_OUT = 3


def assign(
    gathered: Gathered,
    classes: Sequence[str],
    cuts: Split,
    groups: NDArray[np.int64],
    *,
    grows: bool,
) -> NDArray[np.int8]:
    """Assign each image to training, validation or test.

    Official parts stay as they are. If there are no official test images, test images are chosen
    first. In a data set that grows, each image's own digest decides, so added images never move
    old ones to another part; otherwise a share stratified by class is drawn. Validation images are
    always a stratified share. Images of one group stay together. A training or validation image is
    left out if its group holds an official image of a later part.

    Args:
        gathered: The images.
        classes: Class names in label order, for error messages.
        cuts: Fractions and seed.
        groups: int64 [n], the group of each image, from 0 to n - 1.
        grows: Whether images may be added to the data set.

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
        _move(parts, groups, _by_digest(gathered, groups, cuts), TEST)
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
    """Choose the groups whose smallest digest, hashed with the seed, is below the test fraction."""
    smallest: dict[int, bytes] = {}
    for group, digest in zip(groups.tolist(), gathered.digests, strict=True):
        content = digest.tobytes()
        smallest[group] = min(smallest.get(group, content), content)
    seed = cuts.random_state.to_bytes(8, "little")
    limit = int(cuts.test_fraction * 2**64)
    return np.array(
        [
            group
            for group, content in smallest.items()
            if int.from_bytes(hashlib.blake2b(content, digest_size=8, key=seed).digest()) < limit
        ],
        np.int64,
    )


def _stratified(
    parts: NDArray[np.int8],
    groups: NDArray[np.int64],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    cuts: Split,
    name: str,
) -> NDArray[np.int64]:
    """Choose a share of the training groups, stratified by the class of their first image.

    The share is turned into a count first, so 1/6 of 60,000 is exactly 10,000.
    """
    free = np.flatnonzero(parts == TRAIN)
    first = np.empty(len(groups), np.int64)
    first[groups[free[::-1]]] = free[::-1]  # the last one written is the group's first image
    leaders = free[first[groups[free]] == free].astype(np.int32)
    del first, free  # the next lines take the most memory of the stage
    fraction = cuts.test_fraction if name == "test" else cuts.validation_fraction
    count = round(len(leaders) * fraction)
    _require_two(labels[leaders], classes)
    try:
        _, chosen = train_test_split(
            leaders, test_size=count, random_state=cuts.random_state, stratify=labels[leaders]
        )
    except ValueError as error:
        raise DataError(
            f"split.{name}_fraction = {fraction:g}: {count} of {len(leaders)} images cannot be set "
            f"aside for {name}: {error}"
        ) from None
    return groups[chosen]


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
                f"no {name} images left: each has a duplicate among the test images. Bring other "
                "ones, or set split.group_duplicates: false."
            )
        raise DataError(
            f"no {name} images: split.{name}_fraction = {fraction:g} with split.random_state = "
            f"{cuts.random_state} chooses none of {len(parts)} images. Raise the fraction, try "
            "another random_state, or add images."
        )
