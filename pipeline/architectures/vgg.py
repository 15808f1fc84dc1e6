"""Stacked blocks of 3×3 convolutions (Simonyan and Zisserman 2015, VGG), for small images.

Three blocks of two convolutions with 32, 64 and 128 filters, each block ending in a max pooling,
then Dense 128: with batch normalisation 551,914 parameters on 32×32×3 images with 10 classes.
If the images are too small for three poolings, there are fewer blocks.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.training import geometry, layers
from pipeline.training.recipe import Recipe

RECIPE = Recipe(optimizer="adam", learning_rate=1e-3, batch_size=128)
MOST_BLOCKS = 4


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build blocks whose filters double from one to the next, then one Dense layer."""
    normalisation = hp.Choice("normalisation", layers.NORMALISATIONS, default="batch")
    width = hp.Choice("filters", [16, 32, 64], default=32)
    depth = hp.Int("convolutions", 1, 3, default=2)
    dropout = hp.Float("block_dropout", 0.0, 0.4, step=0.1, default=0.2)
    deepest = _deepest(images)
    blocks = hp.Int("blocks", 1, deepest, default=min(3, deepest))
    features = images
    for block in range(1, blocks + 1):
        for number in range(1, depth + 1):
            name = f"{block}_{number}"
            features = layers.convolution(
                features,
                width * 2 ** (block - 1),
                3,
                padding="same",
                activation="linear",
                bias=normalisation == "none",
                name=f"conv_{name}",
            )
            features = layers.normalisation(features, normalisation, name=f"norm_{name}")
            features = keras.layers.ReLU(name=f"relu_{name}")(features)
        features = layers.pooling(features, "max", 2, name=f"pool_{block}")
        if dropout:
            features = keras.layers.Dropout(dropout, name=f"dropout_{block}")(features)
    features = keras.layers.Flatten(name="flatten")(features)
    units = hp.Choice("dense_units", [64, 128, 256], default=128)
    features = keras.layers.Dense(units, activation="relu", name="dense")(features)
    rate = hp.Float("dense_dropout", 0.0, 0.5, step=0.25, default=0.5)
    return keras.layers.Dropout(rate, name="dropout")(features) if rate else features


def _deepest(images: keras.KerasTensor) -> int:
    """Return the number of poolings, at least one, that fit into the image."""
    _, height, width, _ = images.shape
    pooling = geometry.Window(2, stride=2)
    depths = range(1, MOST_BLOCKS + 1)
    fitting = [n for n in depths if geometry.fits((height, width), *[pooling] * n)]
    return max(fitting, default=1)
