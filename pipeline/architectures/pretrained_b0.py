"""As `pretrained`, from EfficientNetB0 as Keras publishes it.

Source: `pipeline/pretrained/keras_networks.py`, 4,049,564 parameters; with 10 classes 4,062,374.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.pretrained import backbones

RECIPE = backbones.RECIPE
BACKBONE = "efficientnet_b0"


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build the backbone on images that are resized to `resolution` pixels a side."""
    return backbones.build(BACKBONE, hp, images)
