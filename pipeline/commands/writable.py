"""The folders that DVC and the stages write to, and which of them they may not."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.base import paths

CACHE = Path(".dvc/cache")


def refusing() -> list[Path]:
    """Return the folders in which this user may not write, or which this user may not list."""
    wanted = os.R_OK | os.W_OK | os.X_OK
    return [path for path in _written() if path.is_dir() and not os.access(path, wanted)]


def _written() -> Iterator[Path]:
    """Yield the folders, with all that are below. Pictures in data/images are only read."""
    yield Path()
    for folder in (
        Path(".dvc/tmp"),
        CACHE,
        paths.MODELS,
        paths.SPLIT,
        paths.RESULTS,
        paths.state(),
    ):
        yield folder
        for parent, names, _ in os.walk(folder):
            yield from (Path(parent, name) for name in names)
