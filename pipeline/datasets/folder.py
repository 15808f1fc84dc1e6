"""A folder of your own pictures: `<class>/*`, or `train/<class>/*` and the like (docs/data.md)."""

from pathlib import Path

from pipeline.data import folders
from pipeline.data.source import Settings, Source, Spec

# Nothing to download; whether mirrored pictures keep their class is for their owner to say.
SPEC = Spec((), mirrors=True)


def read(folder: Path, settings: Settings) -> Source:
    """List the pictures in `dataset.path`; they are opened as they are asked for."""
    return folders.read(settings)
