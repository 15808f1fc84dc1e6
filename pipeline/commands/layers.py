"""The command `python -m pipeline layers`: the layers of a network as Keras prints them."""

from typing import Annotated

import keras
from pydantic import StringConstraints
from typing_extensions import TypedDict

from pipeline.base import paths
from pipeline.base.files import read_json
from pipeline.evaluation import heat_maps
from pipeline.evaluation.predictions import NAMES
from pipeline.page.sections.model import summary
from pipeline.running.terminal import console, plain
from pipeline.training import models, saving, trained


class _Train(TypedDict):
    shape: Annotated[str, StringConstraints(pattern=r"^\d+×\d+×[13]$")]
    per_class: list[tuple[str, int]]


class _Data(TypedDict):
    """results/data.json: how large the images are, and how many classes there are."""

    train: _Train


def show(name: str) -> None:
    """Print `model.summary()` of a released model, or of an architecture at its published recipe.

    Args:
        name: "tuned", "baseline" or an architecture, which is built for this data set's images
            without being trained.
    """
    model = _released(name) if name in NAMES else _untrained(name)
    console.print(plain("\n".join(summary(model))))


def _released(name: str) -> keras.Model:
    folder = paths.MODELS / name
    index = trained.read(folder)
    return heat_maps.core(saving.load_seed(folder, index, index.released))


def _untrained(architecture: str) -> keras.Model:
    data = read_json(paths.DATA_REPORT, _Data)["train"]
    height, width, channels = map(int, data["shape"].split("×"))
    classes = len(data["per_class"])
    return models.build(architecture, {}, (height, width, channels), classes)[0]
