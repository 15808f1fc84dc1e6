"""The check of `dataset.path`, before DVC looks for it and stops without saying what to do."""

import difflib
from pathlib import Path

from pipeline.base import paths
from pipeline.base.text import shown
from pipeline.data.source import DataError


def find(path: Path) -> Path:
    """Return `dataset.path` if it is a folder.

    Raises:
        DataError: it is not a folder, or begins with `~`, which DVC takes for a file name.
    """
    key = f"{paths.PARAMS}: dataset.path = {shown(str(path))}"
    if path.parts and path.parts[0].startswith("~"):
        whole = path.expanduser()
        raise DataError(
            f"{key}: DVC does not expand ~; write the whole path, dataset.path: {whole}"
        )
    if path.is_dir():
        return path
    if path.exists():
        raise DataError(f"{key}: a file; name the folder that holds one sub-folder for each class")
    missing = next(p for p in (path, *path.parents) if p.parent.is_dir())
    beside = sorted(
        p.name for p in missing.parent.iterdir() if p.is_dir() and not p.name.startswith(".")
    )
    lowered = {name.lower(): name for name in reversed(beside)}
    close = [lowered[n] for n in difflib.get_close_matches(missing.name.lower(), lowered, n=3)]
    near = f"; did you mean {' or '.join(str(missing.parent / name) for name in close)}?"
    raise DataError(
        f"{key}: no such folder{near if close else '.'} Write an absolute path, or one relative to "
        "the repository root."
    )
