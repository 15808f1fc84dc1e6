"""Stage `download`: bring the data set's published files to data/raw, verified."""

import shutil

from pipeline.base import paths
from pipeline.config.params import Params
from pipeline.data.fetching import fetch_all
from pipeline.data.source import load_dataset


def main(settings: Params) -> None:
    """Download what the data set's SPEC lists."""
    shutil.rmtree(paths.RAW, ignore_errors=True)
    name = settings.dataset.name
    fetch_all(name, load_dataset(name).SPEC, paths.RAW)
