"""A folder of your own pictures: `<class>/*`, or `train/<class>/*` and the like (docs/data.md)."""

from pathlib import Path

from pipeline.data import folders
from pipeline.data.source import Settings, Source, Spec

# Nothing is downloaded. Only the owner knows whether mirrored pictures keep their class.
SPEC = Spec((), mirrors=True)


def read(folder: Path, settings: Settings) -> Source:
    """List the pictures in `dataset.path`; each is opened only when it is read."""
    return folders.read(settings)
