"""As `pretrained`, from EfficientNetV2B0 as Keras publishes it.

Source: `pipeline/pretrained/keras_networks.py`, 5,919,312 parameters; with 10 classes 5,932,122.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.pretrained import backbones

RECIPE = backbones.RECIPE
BACKBONE = "efficientnet_v2b0"


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build the backbone on images that are resized to `resolution` pixels a side."""
    return backbones.build(BACKBONE, hp, images)
