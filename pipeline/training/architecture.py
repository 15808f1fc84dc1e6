"""The interface of an architecture module: its `RECIPE` and `build(hp, images) -> features`.

`images` is a Keras tensor of shape [n, height, width, channels] with values from 0 to 1. `features`
is the input of the classifying layer, which `pipeline/training/models.py` adds. `build` declares
each hyperparameter at the layer it affects, and its default is the published recipe.
"""

import importlib
from typing import Protocol, cast

import keras
from keras_tuner import HyperParameters

from pipeline.training.recipe import Recipe


class Architecture(Protocol):
    """The interface that every module in `pipeline/architectures/` implements."""

    RECIPE: Recipe

    def build(self, hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
        """Declare the hyperparameters and build the layers between images and features."""


def load_architecture(name: str) -> Architecture:
    """Import the architecture `pipeline/architectures/<name>.py`."""
    return cast(Architecture, importlib.import_module(f"pipeline.architectures.{name}"))
