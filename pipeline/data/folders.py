"""The reader for a user's own folder of pictures, which lists every entry that does not belong.

Two layouts are accepted: `<class>/*`, or `train/<class>/*` with an optional `test/<class>/*` and
`validation/<class>/*`. Deeper folders are not read, so links cannot form a cycle. Entries that
cannot be used are listed; `dataset.skip_unreadable` decides whether they are an error or left out
(`pipeline/data/gathering.py`).
"""

import os
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data import pictures
from pipeline.data.source import Chunk, DataError, Part, Settings, Source, unusable

PARTS = ("train", "validation", "test")
# Files that operating systems leave behind; names that begin with a dot are ignored as well.
LITTER = {"thumbs.db", "desktop.ini"}
README = "README.md"
CHUNK = 500

Classes = dict[str, list[Path]]


@dataclass
class _Listing:
    """The content of a folder: the files of each class by part, and entries that do not belong."""

    parts: dict[str, Classes] = field(default_factory=dict)
    offenders: list[str] = field(default_factory=list)


def read(settings: Settings) -> Source:
    """List the pictures in `settings.path`.

    Raises:
        DataError: the folder is missing, has fewer than two classes, has classes that differ only
            in case, or has an entry that cannot be used while `settings.skip_unreadable` is false.
    """
    root = settings.path
    if not root.is_dir():
        raise DataError(f"dataset.path = {str(root)!r}: no such folder")
    listing = _list(root)
    _check_classes(listing, root)
    if listing.offenders and not settings.skip_unreadable:
        raise unusable(listing.offenders)
    classes = tuple(sorted(listing.parts["train"]))
    if len(classes) < 2:
        raise DataError(
            f"{root}: {len(classes)} classes with pictures; two or more are needed, each a "
            "sub-folder, as <class>/* or train/<class>/* and test/<class>/*"
        )
    skipped = listing.offenders
    parts = {
        name: _part(files, classes, settings, skipped) for name, files in listing.parts.items()
    }
    return Source(classes, **parts, grows="test" not in parts, skipped=skipped)


def _part(files: Classes, classes: tuple[str, ...], settings: Settings, skipped: list[str]) -> Part:
    labelled = [(label, path) for label, name in enumerate(classes) for path in files.get(name, [])]
    return Part(len(labelled), partial(_chunks, labelled, settings, skipped))


def _chunks(
    labelled: list[tuple[int, Path]], settings: Settings, skipped: list[str]
) -> Iterator[Chunk]:
    """Read the pictures on all processors, in order; add the unreadable ones to `skipped`."""
    size = (settings.image_size, settings.image_size)
    channels = settings.channels

    def read_one(path: Path) -> NDArray[np.uint8] | str:
        try:
            return pictures.read(path, size, channels)
        except pictures.PictureError as error:
            return pictures.printable(str(error))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for begin in range(0, len(labelled), CHUNK):
            part = labelled[begin : begin + CHUNK]
            labels, images = [], []
            results = pool.map(read_one, (path for _, path in part))
            for (label, _), result in zip(part, results, strict=True):
                if isinstance(result, str):
                    skipped.append(result)
                else:
                    labels.append(label)
                    images.append(result)
            shape = (len(images), *size, channels)
            yield np.array(labels, np.int64), np.array(images, np.uint8).reshape(shape)


def _list(root: Path) -> _Listing:
    listing = _Listing()
    top = _folders(root, listing, readme=True)
    if _is_split(top):
        for folder in top:
            if folder.name in PARTS:
                listing.parts[folder.name] = _classes(_folders(folder, listing), listing)
            else:
                listing.offenders.append(f"{_say(folder)}: neither train, validation nor test")
    else:
        listing.parts["train"] = _classes(top, listing)
    return listing


def _is_split(top: list[Path]) -> bool:
    """Check whether `train` is a part; a class with that name would hold files, not folders."""
    train = [folder for folder in top if folder.name == "train"]
    return bool(train) and any(entry.is_dir() for entry in _entries(train[0]))


def _folders(folder: Path, listing: _Listing, *, readme: bool = False) -> list[Path]:
    """List the sub-folders; add every other entry to the listing's offenders."""
    found = []
    for entry in _entries(folder):
        if entry.is_dir():
            found.append(entry)
        elif not (readme and entry.name == README):
            listing.offenders.append(f"{_say(entry)}: a stray file; pictures belong in a class")
    return found


def _classes(folders: list[Path], listing: _Listing) -> Classes:
    classes = {}
    for folder in folders:
        files = _files(folder, listing)
        if pictures.printable(folder.name) != folder.name:
            listing.offenders.append(f"{_say(folder)}: the name is not UTF-8")
        elif files:
            classes[folder.name] = files
        else:
            listing.offenders.append(f"{_say(folder)}: a class without pictures")
    return classes


def _files(folder: Path, listing: _Listing) -> list[Path]:
    files = []
    for entry in _entries(folder):
        if entry.is_dir():
            listing.offenders.append(f"{_say(entry)}: a folder within a class")
        elif entry.suffix.lower() in pictures.SUFFIXES:
            files.append(entry)
        else:
            allowed = " ".join(pictures.SUFFIXES)
            listing.offenders.append(f"{_say(entry)}: a stray file; allowed: {allowed}")
    return files


def _entries(folder: Path) -> list[Path]:
    return sorted(
        entry
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name.lower() not in LITTER
    )


def _check_classes(listing: _Listing, root: Path) -> None:
    """Compare the classes of the parts and remove those that cannot be used."""
    train = listing.parts["train"]
    _refuse_same_names({name for files in listing.parts.values() for name in files}, root)
    for name in [name for name, files in train.items() if len(files) == 1]:
        where = f"{_say(train.pop(name)[0])}: the only picture of its class"
        listing.offenders.append(where)
    for part, classes in listing.parts.items():
        for name in [name for name in classes if name not in train]:
            del classes[name]
            where = pictures.printable(str(root / part / name))
            listing.offenders.append(f"{where}: a class that train does not have")
    for part in [name for name, classes in listing.parts.items() if not classes]:
        if part == "train":
            continue  # `read` reports too few classes, whatever the layout
        listing.parts.pop(part)
        listing.offenders.append(f"{root / part}: no pictures in it")


def _refuse_same_names(names: set[str], root: Path) -> None:
    """Refuse class names that a file system or a reader may take for the same name."""
    by_look: dict[str, list[str]] = {}
    for name in sorted(names):
        by_look.setdefault(unicodedata.normalize("NFKC", name).casefold(), []).append(name)
    same = [" and ".join(map(repr, group)) for group in by_look.values() if len(group) > 1]
    if same:
        raise DataError(
            f"{root}: classes that differ only in case or spelling: {'; '.join(same)}. "
            "Rename or merge them."
        )


def _say(path: Path) -> str:
    return pictures.printable(str(path))
