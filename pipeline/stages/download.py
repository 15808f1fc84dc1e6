"""Stage `download`: bring the published files of the data set, and of weights, verified."""

import shutil
from pathlib import Path

from pipeline.base import paths
from pipeline.base.files import replacing
from pipeline.config.automatic import networks_needed
from pipeline.config.params import FOLDER, Params
from pipeline.data.fetching import fetch_all
from pipeline.data.source import load_dataset
from pipeline.pretrained import arrival


def main(settings: Params) -> None:
    """Download what the data set's SPEC lists, and the weights that a search may begin from."""
    for folder in (paths.RAW, paths.WEIGHTS):
        shutil.rmtree(folder, ignore_errors=True)
    name = settings.dataset.name
    spec = load_dataset(name).SPEC
    fetch_all(name, spec.files, paths.RAW)
    if not spec.files:
        _explain(paths.RAW, f"Nothing is downloaded for dataset.name: {name}.")
    networks = networks_needed(settings.architectures, folder=name == FOLDER)
    for network in networks:
        arrival.bring(network, paths.WEIGHTS)
    if not networks:
        _explain(paths.WEIGHTS, "No architecture here begins from published weights.")


def _explain(folder: Path, text: str) -> None:
    """Write a file that says why there is no other: DVC warns of an empty folder in each stage."""
    with replacing(folder / "README.md") as scratch:
        scratch.write_text(f"{text}\n", encoding="utf-8")
