"""A folder of your own pictures: `<class>/*`, or `train/<class>/*` and the like (docs/data.md)."""

from pathlib import Path

from pipeline import folders
from pipeline.datasets import Settings, Source, Spec

SPEC = Spec(())  # nothing to download


def read(folder: Path, settings: Settings) -> Source:
    """List the pictures in `dataset.path`; they are opened as they are asked for."""
    return folders.read(settings)
