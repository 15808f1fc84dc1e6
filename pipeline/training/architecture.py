"""What an architecture file defines: its published `RECIPE` and `build(hp, images) -> features`.

`images` is a Keras tensor of shape [n, height, width, channels] with values from 0 to 1;
`features` is what the classifying layer, added in `pipeline/training/models.py`, reads. Every
hyperparameter is declared in `build`, at the layer it affects, and its default is the published
recipe.
"""

import importlib
from typing import Protocol, cast

import keras
from keras_tuner import HyperParameters

from pipeline.training.recipe import Recipe


class Architecture(Protocol):
    """What every file in `pipeline/architectures/` defines."""

    RECIPE: Recipe

    def build(self, hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
        """Declare the hyperparameters and build the layers between images and features."""


def load_architecture(name: str) -> Architecture:
    """Load the architecture that `pipeline/architectures/<name>.py` defines."""
    return cast(Architecture, importlib.import_module(f"pipeline.architectures.{name}"))
