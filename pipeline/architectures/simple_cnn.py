"""The practical's small convolutional network.

Conv 3×3 ×16, Conv 3×3 ×32, MaxPool 2×2, Dropout 0.25, Flatten, Dense 128, Dropout 0.5, with ReLU
throughout: 596,042 parameters on 28×28×1 images with 10 classes. The search varies the number of
such blocks, each with two convolutions, and everything in them.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.training import geometry, layers
from pipeline.training.recipe import Recipe

RECIPE = Recipe(optimizer="adam", learning_rate=1e-3, batch_size=32)
KERNELS = [3, 5]
MOST_BLOCKS = 3


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build blocks of two convolutions and a pooling layer, then one Dense layer."""
    kernel = hp.Choice("kernel", KERNELS, default=3)
    padding = hp.Choice("padding", ["valid", "same"], default="valid")
    activation = hp.Choice("activation", ["relu", "gelu"], default="relu")
    kind = hp.Choice("pooling", ["max", "average"], default="max")
    dropout = hp.Float("block_dropout", 0.0, 0.5, step=0.25, default=0.25)
    deepest = _deepest(images)
    blocks = hp.Int("blocks", 1, deepest, default=1)
    features = images
    for number in range(1, deepest + 1):
        with hp.conditional_scope("blocks", list(range(number, deepest + 1))):
            first = hp.Choice(f"filters_{number}a", [8, 16, 32], default=16)
            second = hp.Choice(f"filters_{number}b", [16, 32, 64], default=32)
        if number > blocks:
            continue
        for letter, filters in (("a", first), ("b", second)):
            features = layers.convolution(
                features,
                filters,
                kernel,
                padding=padding,
                activation=activation,
                name=f"conv_{number}{letter}",
            )
        features = layers.pooling(features, kind, 2, name=f"pool_{number}")
        features = keras.layers.Dropout(dropout, name=f"dropout_{number}")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    units = hp.Choice("dense_units", [32, 64, 128, 256], default=128)
    features = keras.layers.Dense(units, activation=activation, name="dense")(features)
    rate = hp.Float("dense_dropout", 0.0, 0.5, step=0.25, default=0.5)
    return keras.layers.Dropout(rate, name="dropout")(features)


def _deepest(images: keras.KerasTensor) -> int:
    """Return the number of blocks, at least one, that can be built with every kernel size."""
    _, height, width, _ = images.shape
    convolution = layers.window(max(KERNELS))
    block = (convolution, convolution, geometry.Window(2, stride=2))
    fitting = [n for n in range(1, MOST_BLOCKS + 1) if geometry.fits((height, width), *block * n)]
    return max(fitting, default=1)
