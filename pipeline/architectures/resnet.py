"""Residual networks for small images (He, Zhang, Ren and Sun 2016, section 4.2).

A 3×3 convolution, then three stages of n residual blocks with 16, 32 and 64 filters, each block
with two 3×3 convolutions; the second and third stage begin with stride 2. Shortcuts are
identities; if the size changes, every second pixel is taken and the new channels are zeros
("option A", which has no parameters). Then the mean over the image. 6n + 2 layers; n = 3 gives
ResNet-20 with 271,098 parameters on 32×32×3 images with 10 classes. The recipe there is SGD with
momentum 0.9, learning rate 0.1, weight decay 0.0001 and batches of 128; here the momentum is
Nesterov's. The paper's decay is part of the gradient and passes through the momentum, which makes
it 1 / (1 - 0.9) = 10 times as strong. Here the decay is subtracted from the weights directly, so it
is 0.001.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.training import layers
from pipeline.training.recipe import Recipe

RECIPE = Recipe(optimizer="nesterov", learning_rate=1e-1, batch_size=128, weight_decay=1e-3)
STAGES = 3


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build three stages of residual blocks, then take the mean over the image."""
    normalisation = hp.Choice("normalisation", layers.NORMALISATIONS, default="batch")
    blocks = hp.Choice("blocks_a_stage", [1, 2, 3, 5], default=3)
    filters = hp.Choice("filters", [8, 16, 32], default=16)
    features = _convolution(images, filters, 1, normalisation, name="stem")
    features = keras.layers.ReLU(name="stem_relu")(features)
    for stage in range(1, STAGES + 1):
        for number in range(1, blocks + 1):
            stride = 2 if stage > 1 and number == 1 else 1
            width = filters * 2 ** (stage - 1)
            features = _block(features, width, stride, normalisation, f"block_{stage}_{number}")
    features = keras.layers.GlobalAveragePooling2D(name="mean")(features)
    rate = hp.Float("dropout", 0.0, 0.5, step=0.25, default=0.0)
    return keras.layers.Dropout(rate, name="dropout")(features) if rate else features


def _block(
    features: keras.KerasTensor, filters: int, stride: int, normalisation: str, name: str
) -> keras.KerasTensor:
    """Build a residual block: the input plus two convolutions of it."""
    inner = _convolution(features, filters, stride, normalisation, name=f"{name}a")
    inner = keras.layers.ReLU(name=f"{name}a_relu")(inner)
    inner = _convolution(inner, filters, 1, normalisation, name=f"{name}b")
    if stride > 1:
        features = _shortcut(features, filters, stride, name)
    total = keras.layers.Add(name=f"{name}_add")([features, inner])
    return keras.layers.ReLU(name=f"{name}_relu")(total)


def _shortcut(
    features: keras.KerasTensor, filters: int, stride: int, name: str
) -> keras.KerasTensor:
    """Take every `stride`-th pixel, and fill the new channels with zeros."""
    # The mean of a window of one pixel is that pixel.
    picked = keras.layers.AveragePooling2D(
        pool_size=1, strides=stride, padding="same", name=f"{name}_pick"
    )(features)
    new = filters - features.shape[-1]
    rows_last = keras.layers.Permute((1, 3, 2), name=f"{name}_swap")(picked)
    padded = keras.layers.ZeroPadding2D(((0, 0), (0, new)), name=f"{name}_zeros")(rows_last)
    return keras.layers.Permute((1, 3, 2), name=f"{name}_back")(padded)


def _convolution(
    features: keras.KerasTensor, filters: int, stride: int, normalisation: str, name: str
) -> keras.KerasTensor:
    features = layers.convolution(
        features,
        filters,
        3,
        stride=stride,
        padding="same",
        activation="linear",
        bias=normalisation == "none",
        name=name,
    )
    return layers.normalisation(features, normalisation, name=f"{name}_norm")
