"""The reader for a user's own folder of pictures (`pipeline/data/layout.py`: what it may hold).

Files that cannot be used are listed; `dataset.skip_unreadable` decides whether they are an error or
the folder is read as if they were not there.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.base.text import visible
from pipeline.config import automatic
from pipeline.config.fields import Fit
from pipeline.data import decoding, layout, location, pictures
from pipeline.data.decoding import PictureError
from pipeline.data.layout import Classes, Layout, shown_path
from pipeline.data.listing import Listing, unreadable
from pipeline.data.pictures import Picture
from pipeline.data.source import (
    DataError,
    Part,
    PictureFacts,
    Pictures,
    Settings,
    Source,
    Unusable,
    unusable,
)

CHUNK = 500
# A picture has colours if a pixel of its thumbnail does: more than what JPEG does to grey ones.
# Of so many pictures, evenly spread, one with colours is enough.
COLOURED, LOOKED_AT = 24, 100
# The values of a thumbnail that shows next to nothing differ by no more: a white drawing on
# transparency, or 12 bits stored as the lower ones of 16.
PLAIN = 24


def read(settings: Settings) -> Source:
    """List the pictures in `settings.path`.

    Raises:
        DataError: the folder is missing, its layout is not one of those that are read, it has fewer
            than two classes, or a file that cannot be used while `settings.skip_unreadable` is
            false.
    """
    root = location.find(settings.path)
    listing = Listing(without_unreadable=settings.skip_unreadable)
    found = layout.read(root, listing)
    found.unusable += listing.unreadable
    _drop_thin_classes(found)
    if found.unusable and not settings.skip_unreadable:
        raise unusable(found.unusable)
    classes = tuple(sorted(found.parts["train"]))
    if len(classes) < 2:
        raise DataError(
            f"{shown_path(root)}: classes with pictures: {len(classes)}; two or more are needed, "
            "each a sub-folder, as <class>/* or train/<class>/* and test/<class>/*"
            f"{_left_out(found.unusable)}"
        )
    plain: list[str] = []
    facts = _facts([file for files in found.parts["train"].values() for file in files], settings)
    parts = {
        name: _part(files, classes, settings, facts, found.unusable, plain)
        for name, files in found.parts.items()
    }
    return Source(
        classes,
        **parts,
        grows="test" not in parts,
        skipped=found.unusable,
        plain=plain,
        pictures=facts,
        notes=found.notes,
    )


def _left_out(entries: Sequence[Unusable]) -> str:
    more = f", and {len(entries) - 1} more" if len(entries) > 1 else ""
    return f". Left out: {entries[0]}{more}" if entries else ""


def _drop_thin_classes(found: Layout) -> None:
    """Drop classes with fewer than two training pictures, in every part."""
    train = found.parts["train"]
    for name in [name for name, files in train.items() if len(files) < 2]:
        reasons = {"train": "the only picture of its class"}
        elsewhere = f"its class has {len(train[name])} training pictures; two or more are needed"
        for part, classes in found.parts.items():
            why = reasons.get(part, elsewhere)
            found.unusable += [Unusable(shown_path(file), why, 1) for file in classes.pop(name, [])]


def _facts(training: Sequence[Path], settings: Settings) -> PictureFacts:
    """Measure the pictures of the training part, before some of them are set aside for testing."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sizes = [size for size in pool.map(_size, training) if size]
        picked = np.linspace(0, len(training) - 1, min(LOOKED_AT, len(training))).astype(int)
        coloured = any(pool.map(_has_colours, (training[i] for i in picked)))
    height, width = np.median(sizes or [(0, 0)], axis=0).tolist()
    proportion = float(np.median([max(size) / min(size) for size in sizes] or [1]))
    if settings.image_size == "auto":
        choice = automatic.image_size(width, height)
        side, reason = choice.value, choice.reason
    else:
        side, reason = settings.image_size, "params.yaml"
    usual: Fit = automatic.fit(width, height, proportion, coloured).value
    fit = usual if settings.fit == "auto" else settings.fit
    name = visible(settings.path.resolve().name)
    return PictureFacts(name, width, height, coloured, side, reason, fit)


def _size(path: Path) -> tuple[int, int] | None:
    """Read height and width; None for a file that is reported when its pixels are read."""
    try:
        return decoding.shape(path)
    except PictureError:
        return None


def _has_colours(path: Path) -> bool:
    try:
        pixels = pictures.read(path, (pictures.THUMBNAIL, pictures.THUMBNAIL), 3, "squash")
    except PictureError:
        return False
    return bool(np.ptp(pixels, axis=2).max() > COLOURED)


def _part(
    files: Classes,
    classes: tuple[str, ...],
    settings: Settings,
    facts: PictureFacts,
    skipped: list[Unusable],
    plain: list[str],
) -> Part:
    labelled = [(label, path) for label, name in enumerate(classes) for path in files.get(name, [])]
    return Part(len(labelled), partial(_chunks, labelled, settings, facts, skipped, plain))


def _chunks(
    labelled: list[tuple[int, Path]],
    settings: Settings,
    facts: PictureFacts,
    skipped: list[Unusable],
    plain: list[str],
) -> Iterator[Pictures]:
    """Read the pictures on all processors, in order.

    Unreadable ones are added to `skipped`, those of nearly one colour to `plain`.
    """
    size = (facts.image_size, facts.image_size)

    def read_one(path: Path) -> Picture | Unusable:
        try:
            return pictures.read_identified(path, size, settings.channels, facts.fit)
        except PictureError as error:
            return unreadable(path, error)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for begin in range(0, len(labelled), CHUNK):
            part = labelled[begin : begin + CHUNK]
            results = list(pool.map(read_one, (path for _, path in part)))
            found = [result for result in results if isinstance(result, Picture)]
            skipped += [result for result in results if isinstance(result, Unusable)]
            if found:
                read = [i for i, result in enumerate(results) if isinstance(result, Picture)]
                files = tuple(shown_path(part[i][1].relative_to(settings.path)) for i in read)
                thumbnails = np.stack([picture.thumbnail for picture in found])
                same = np.ptp(thumbnails, axis=(1, 2)).max(axis=1) <= PLAIN
                plain += [files[i] for i in np.flatnonzero(same)]
                yield Pictures(
                    np.array([part[i][0] for i in read], np.int64),
                    np.stack([picture.pixels for picture in found]),
                    files,
                    np.stack([picture.digest for picture in found]),
                    thumbnails,
                )
