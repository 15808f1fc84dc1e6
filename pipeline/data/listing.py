"""The listing of a folder of pictures: what is in it, and what is passed over.

A file is a picture if its name ends like one's or its first bytes are one's. Names that begin with
a dot and files that operating systems leave behind are passed over, and counted.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.base.text import visible
from pipeline.data import decoding, pictures
from pipeline.data.decoding import PictureError
from pipeline.data.source import Unusable

LITTER = {"thumbs.db", "desktop.ini"}


class Listing:
    """The entries of folders, each folder looked at once.

    Attributes:
        unreadable: The pictures that were found to be unreadable, if these are left out.
        hidden: How many entries were passed over.
    """

    def __init__(self, *, without_unreadable: bool = False) -> None:
        """Start with nothing looked at.

        Args:
            without_unreadable: Whether to open every picture, and to list the folders as if those
                that cannot be read were not there.
        """
        self._without = without_unreadable
        self._known: dict[Path, list[Path]] = {}
        self.unreadable: list[Unusable] = []
        self.hidden = 0

    def entries(self, folder: Path) -> list[Path]:
        """List a folder in order, without what is passed over."""
        if folder not in self._known:
            every = sorted(folder.iterdir())
            found = [entry for entry in every if not is_hidden(entry.name)]
            self.hidden += len(every) - len(found)
            self._known[folder] = self._readable(found) if self._without else found
        return self._known[folder]

    def _readable(self, found: list[Path]) -> list[Path]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            problems = list(pool.map(_problem, found))
        self.unreadable += [problem for problem in problems if problem]
        return [entry for entry, problem in zip(found, problems, strict=True) if not problem]

    def count(self, folder: Path) -> int:
        """Count the pictures in a folder at any depth; links to folders in it are not followed."""
        return sum(1 for _ in self._walk(folder))

    def _walk(self, folder: Path) -> Iterator[Path]:
        for entry in self.entries(folder):
            if is_picture(entry) or is_of_another_kind(entry):
                yield entry
            elif entry.is_dir() and not entry.is_symlink():
                yield from self._walk(entry)


def is_hidden(name: str) -> bool:
    """Check whether a name is one that is passed over."""
    return name.startswith(".") or name.lower() in LITTER


def is_picture(path: Path) -> bool:
    """Check whether a file is a picture, or was meant to be one by its name."""
    if path.suffix.lower() in decoding.SUFFIXES:
        return not path.is_dir()
    return decoding.is_picture(path)


def is_of_another_kind(path: Path) -> bool:
    """Check whether a file is, by its name, a picture of a kind that is not read."""
    return path.suffix.lower() in decoding.OTHERS and path.is_file()


def below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the pictures in a folder at any depth, and the files that are passed over."""
    found: list[Path] = []
    passed_over: list[Path] = []
    for entry in sorted(entry for entry in folder.rglob("*") if not entry.is_dir()):
        hidden = any(map(is_hidden, entry.relative_to(folder).parts))
        is_one = is_picture(entry) or is_of_another_kind(entry)
        (found if is_one and not hidden else passed_over).append(entry)
    return found, passed_over


def unreadable(path: Path, error: PictureError) -> Unusable:
    """Describe a picture that cannot be read."""
    return Unusable(visible(str(path)), visible(error.why), 1)


def _problem(path: Path) -> Unusable | None:
    if not is_picture(path):
        return None
    try:
        pictures.read(path, (8, 8), 3, "squash")
    except PictureError as error:
        return unreadable(path, error)
    return None
