"""Stage `download`: bring the data set's published files to data/raw, verified."""

import shutil

from pipeline.base import paths
from pipeline.config import params
from pipeline.data.fetching import fetch_all
from pipeline.data.source import load_dataset
from pipeline.running.guard import run_stage


def main() -> None:
    """Download what the data set's SPEC lists."""
    settings = params.load()
    shutil.rmtree(paths.RAW, ignore_errors=True)
    name = settings.dataset.name
    fetch_all(name, load_dataset(name).SPEC, paths.RAW)


if __name__ == "__main__":
    run_stage(main)
