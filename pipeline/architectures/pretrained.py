"""A network trained on ImageNet: its first layers frozen, its last ones trained further.

Source: EfficientNet-Lite0 (`pipeline/pretrained/lite0.py`), 3,350,000 parameters; with 10 classes
3,362,810. Freezing the first layers of another task's network and training the rest further:
Yosinski et al. 2014, "How transferable are features in deep neural networks?".
"""

import keras
from keras_tuner import HyperParameters

from pipeline.pretrained import backbones

RECIPE = backbones.RECIPE
BACKBONE = "efficientnet_lite0"


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build the backbone on images that are resized to `resolution` pixels a side."""
    return backbones.build(BACKBONE, hp, images)
