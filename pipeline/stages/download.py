"""Stage `download`: bring the data set's published files to data/raw, verified."""

import shutil

from pipeline.base import paths
from pipeline.base.files import replacing
from pipeline.config.params import Params
from pipeline.data.fetching import fetch_all
from pipeline.data.source import load_dataset


def main(settings: Params) -> None:
    """Download what the data set's SPEC lists.

    If it lists nothing, a file says so: DVC warns of an empty folder in every later stage.
    """
    shutil.rmtree(paths.RAW, ignore_errors=True)
    name = settings.dataset.name
    spec = load_dataset(name).SPEC
    if spec.files:
        fetch_all(name, spec, paths.RAW)
    else:
        with replacing(paths.RAW / "README.md") as scratch:
            scratch.write_text(f"Nothing is downloaded for dataset.name: {name}.\n", "utf-8")
