"""A convolutional network with few parameters and little work, whose filters double twice.

A stem with 16 filters of 5×5 and stride 2, then two stages of 3×3 convolutions, the first with 32
filters and stride 2, the second with 64: 54,922 parameters on 28×28×1 images with 10 classes. It is
not a published network. The strided stem, which saves most of the work, is that of ResNet (He et
al. 2016), and stride in place of pooling is from Springenberg et al. 2015. `crop` removes pixels
from each side, for data sets with empty borders such as MNIST; at least half of each side is left.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.training import layers
from pipeline.training.recipe import Recipe

RECIPE = Recipe(optimizer="adam", learning_rate=4e-3, batch_size=64)
STAGES = 2


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build a stem and two stages, then flatten the features or take their mean."""
    _, height, width, _ = images.shape
    crop = hp.Choice("crop", [c for c in (0, 2, 4) if 4 * c <= min(height, width)], default=0)
    filters = hp.Choice("filters", [8, 12, 16, 24, 32, 48], default=16)
    kernel = hp.Choice("stem_kernel", [3, 5], default=5)
    stride = hp.Choice("stem_stride", [1, 2], default=2)
    convolutions = hp.Int("convolutions", 1, 3, default=1)
    downsampling = hp.Choice("downsampling", ["stride", "max"], default="stride")
    last_stride = hp.Choice("last_stride", [1, 2], default=1)
    normalisation = hp.Choice("normalisation", layers.NORMALISATIONS, default="none")
    head = hp.Choice("head", ["flatten", "mean"], default="flatten")
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0)

    def convolve(features: keras.KerasTensor, stage: int, number: int) -> keras.KerasTensor:
        stem = stage == 0 and number == 1
        halved = number == 1 and stage in halving and downsampling == "stride"
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

    halving = range(1, STAGES + 1 if last_stride == 2 else STAGES)
    features = keras.layers.Cropping2D(crop, name="crop")(images) if crop else images
    for stage in range(STAGES + 1):
        if stage in halving and downsampling == "max":
            features = layers.pooling(features, "max", 2, name=f"pool_{stage}")
        for number in range(1, convolutions + 1):
            features = convolve(features, stage, number)
    if head == "mean":
        features = keras.layers.GlobalAveragePooling2D(name="mean")(features)
    else:
        features = keras.layers.Flatten(name="flatten")(features)
    return keras.layers.Dropout(dropout, name="dropout")(features) if dropout else features
