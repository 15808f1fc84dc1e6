"""The groups of `split.group_by`, such as patients or videos, which no cut may part.

They come from the paths of the picture files by a regular expression, or from a CSV table with the
columns `path` and `group` at the top of `dataset.path`. The table lies there because that folder is
a dependency of stage `split`: a change in the table reruns it.
"""

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.base.parsing import ContentError, csv_of
from pipeline.base.text import brief, visible
from pipeline.config.fields import TABLE
from pipeline.data import location
from pipeline.data.source import MOST_NAMED, DataError

TABLE_COLUMNS = {"path": str, "group": str}


def names(files: Sequence[str], group_by: str, folder: Path) -> list[str]:
    """Return the name of each picture's group, [n].

    Args:
        files: The pictures' paths within the folder, [n].
        group_by: A regular expression with one group that is searched for in each path, or the
            name of a CSV table in the folder.
        folder: `dataset.path`.

    Raises:
        DataError: some picture has no group, or all are in one.
    """
    found = (
        _by_table(files, group_by, folder)
        if group_by.endswith(TABLE)
        else _by_pattern(files, group_by)
    )
    without = [file for file, name in zip(files, found, strict=True) if not name]
    if without:
        said = f"{len(without):,} of {len(files):,} pictures have no group: "
        said += ", ".join(without[:MOST_NAMED]) + (", …" if len(without) > MOST_NAMED else "")
        remedy = (
            f"List each picture in {visible(str(folder / group_by))}, with its path as it is "
            "written here"
            if group_by.endswith(TABLE)
            else "Change the expression so that it is found in every path, or name a CSV table "
            "with the columns path and group"
        )
        raise DataError(f"{location.group_key(group_by)}: {said}. {remedy}.")
    whole = [visible(name) for name in found if name]
    if len(set(whole)) < 2:
        raise DataError(
            f"{location.group_key(group_by)}: all {len(files):,} pictures are in one group, "
            f"{brief(whole[0])!r}. Two or more are needed, and one more where "
            "both test and validation images are cut off."
        )
    return whole


def codes(names: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each name, equal for equal ones, int64 [n]."""
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def united(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the smallest groups that part no group of either kind, int64 [n]."""
    n, first = len(one), int(one.max()) + 1
    edges = (np.ones(n, np.int8), (one, first + other))
    size = first + int(other.max()) + 1
    labels = connected_components(coo_array(edges, shape=(size, size)), directed=False)[1]
    return np.unique(labels[one], return_inverse=True)[1].astype(np.int64)


def require_enough(
    groups: NDArray[np.int64],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    parts: int,
    group_by: str,
) -> None:
    """Check that there are groups enough for so many parts, and two or more of each class.

    Args:
        groups: The group of each image that is to be divided, [n].
        labels: Its class, [n].
        classes: Class names in label order.
        parts: Between how many parts they are divided.
        group_by: `split.group_by`, for the message.

    Raises:
        DataError: there are not.
    """
    found = len(np.unique(groups))
    if found < parts:
        raise DataError(
            f"{location.group_key(group_by)}: {found} groups to divide into {parts} parts. Add "
            "groups, or bring test/ and validation/ folders of your own."
        )
    pairs = np.unique(np.stack([groups, labels]), axis=1)
    counts = np.bincount(pairs[1], minlength=len(classes))
    alone = [name for name, count in zip(classes, counts, strict=True) if count == 1]
    if alone and parts > 1:
        raise DataError(
            f"{location.group_key(group_by)}: all images of {', '.join(alone)} to divide are in "
            "one group; a class needs two or more groups, one of them to train on. Add groups, or "
            "remove the class."
        )


def _by_pattern(files: Sequence[str], pattern: str) -> list[str | None]:
    search = re.compile(pattern).search
    return [match[1] if (match := search(file)) else None for file in files]


def _by_table(files: Sequence[str], name: str, folder: Path) -> list[str | None]:
    table = location.group_table(name, folder)
    group_of: dict[str, str] = {}
    for row in _rows(table):
        path = row["path"].removeprefix("./")
        if group_of.setdefault(path, row["group"]) != row["group"]:
            raise DataError(
                f"{table}: {brief(path)} is in two groups, {brief(group_of[path])!r} and "
                f"{brief(row['group'])!r}. Leave one of the two rows."
            )
    return [group_of.get(file) for file in files]


def _rows(table: Path) -> list[dict[str, str]]:
    """Read a table that a person has written, with or without the mark that Excel begins it with.

    Raises:
        DataError: it is not UTF-8, no table, or lacks a column.
    """
    try:
        return csv_of(table.read_bytes().removeprefix(codecs.BOM_UTF8), TABLE_COLUMNS)
    except ContentError as error:
        raise DataError(
            f"{visible(str(table))}: {error}. Save it as UTF-8 with the columns path and group, "
            "separated by commas."
        ) from None
