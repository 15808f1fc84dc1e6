"""The check of `dataset.path` and of the table in it, before anything is read.

DVC would look for the folder and stop without saying what to do.
"""

import difflib
from pathlib import Path

from pipeline.base import paths
from pipeline.base.text import shown, visible
from pipeline.config.fields import TABLE
from pipeline.config.params import FOLDER, Params
from pipeline.data.source import DataError


def find(path: Path) -> Path:
    """Return `dataset.path` if it is a folder.

    Raises:
        DataError: it is not a folder, or begins with `~`, which DVC takes for a file name.
    """
    key = f"{paths.PARAMS}: dataset.path = {shown(str(path))}"
    if path.parts and path.parts[0].startswith("~"):
        whole = paths.written_out(path)
        if whole != path:
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


def require_file_names(settings: Params) -> None:
    """Check that the images have file names if they are to be grouped by them.

    Raises:
        DataError: they have none.
    """
    group_by, name = settings.split.group_by, settings.dataset.name
    if group_by is not None and name != FOLDER:
        raise DataError(
            f"{group_key(group_by)}: the images of {name} have no file names to group them by; "
            f"allowed: null, or any with dataset.name: {FOLDER}"
        )
    if group_by is not None and group_by.endswith(TABLE):
        group_table(group_by, settings.dataset.path)


def group_table(name: str, folder: Path) -> Path:
    """Return the CSV table that `split.group_by` names.

    Raises:
        DataError: it is not there.
    """
    table = folder / name
    if not table.is_file():
        raise DataError(
            f"{group_key(name)}: {visible(str(table))} is no file. Write a CSV table with the "
            "columns path (within dataset.path) and group there, or give a regular expression."
        )
    return table


def group_key(group_by: str) -> str:
    """Write `split.group_by` with its value, as an error begins."""
    return f"{paths.PARAMS}: split.group_by = {shown(group_by)}"
