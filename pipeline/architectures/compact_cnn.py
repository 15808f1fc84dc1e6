"""A small network for few parameters and little work: convolutions whose filters double twice.

A stem with 16 filters of 5×5 and stride 2, then two stages of 3×3 convolutions with 32 and 64
filters, each of which halves the image: 33,802 parameters on 28×28×1 images with 10 classes. As
published it is nobody's; the strided stem, which does most of the saving, is that of ResNet
(He et al. 2016), and stride in place of pooling is from Springenberg et al. 2015.
"""

import keras
from keras_tuner import HyperParameters

from pipeline import layers
from pipeline.recipe import Recipe

RECIPE = Recipe(optimizer="adam", learning_rate=4e-3, batch_size=64)
STAGES = 2


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build a stem and two stages, then flatten what is left, or take its mean."""
    filters = hp.Choice("filters", [8, 12, 16, 24, 32, 48], default=16)
    kernel = hp.Choice("stem_kernel", [3, 5], default=5)
    stride = hp.Choice("stem_stride", [1, 2], default=2)
    convolutions = hp.Int("convolutions", 1, 3, default=1)
    downsampling = hp.Choice("downsampling", ["stride", "max"], default="stride")
    normalisation = hp.Choice("normalisation", layers.NORMALISATIONS, default="none")
    head = hp.Choice("head", ["flatten", "mean"], default="flatten")
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0)

    def convolve(features: keras.KerasTensor, stage: int, number: int) -> keras.KerasTensor:
        first, stem = number == 1, stage == 0 and number == 1
        halved = first and not stem and downsampling == "stride"
        name = f"conv_{stage}_{number}"
        features = layers.convolution(
            features,
            filters * 2**stage,
            kernel if stem else 3,
            stride=stride if stem else 2 if halved else 1,
            padding="same",
            activation="linear",
            bias=normalisation == "none",
            name=name,
        )
        features = layers.normalisation(features, normalisation, name=f"{name}_norm")
        return keras.layers.ReLU(name=f"{name}_relu")(features)

    features = images
    for stage in range(STAGES + 1):
        if stage and downsampling == "max":
            features = layers.pooling(features, "max", 2, name=f"pool_{stage}")
        for number in range(1, convolutions + 1):
            features = convolve(features, stage, number)
    if head == "mean":
        features = keras.layers.GlobalAveragePooling2D(name="mean")(features)
    else:
        features = keras.layers.Flatten(name="flatten")(features)
    return keras.layers.Dropout(dropout, name="dropout")(features) if dropout else features
