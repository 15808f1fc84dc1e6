"""A small network for pictures: 3×3 convolutions, each stage half the size and twice the width."""

import keras
from keras_tuner import HyperParameters

from pipeline.training import layers
from pipeline.training.recipe import Recipe

RECIPE = Recipe(optimizer="adam", learning_rate=3e-3, batch_size=64)
# Pixels a side at which the last stage works, at least.
SMALLEST = 4
WIDEST = 256


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build a stem and stages until the map is small, then take its mean."""
    _, height, width, _ = images.shape
    filters = hp.Choice("filters", [8, 12, 16, 24, 32, 48], default=16)
    convolutions = hp.Int("convolutions", 1, 2, default=1)
    stem_stride = hp.Choice("stem_stride", [1, 2], default=1)
    most = max(1, int(min(height, width) / SMALLEST).bit_length() - 1)
    stages = hp.Int("stages", 1, max(most, 1), default=min(most, 4))
    head = hp.Choice("head", ["mean", "max", "flatten"], default="mean")
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0)
    features = images
    for stage in range(stages + 1):
        if stage:
            features = layers.pooling(features, "max", 2, name=f"pool_{stage}")
        for number in range(1, convolutions + 1 if stage else 2):
            name = f"conv_{stage}_{number}"
            features = layers.convolution(
                features,
                min(filters * 2**stage, WIDEST),
                3,
                stride=stem_stride if stage == 0 else 1,
                padding="same",
                activation="linear",
                bias=False,
                name=name,
            )
            features = layers.normalisation(features, "batch", name=f"{name}_norm")
            features = keras.layers.ReLU(name=f"{name}_relu")(features)
    if head == "mean":
        features = keras.layers.GlobalAveragePooling2D(name="mean")(features)
    elif head == "max":
        features = keras.layers.GlobalMaxPooling2D(name="maximum")(features)
    else:
        features = keras.layers.Flatten(name="flatten")(features)
    return keras.layers.Dropout(dropout, name="dropout")(features) if dropout else features
