"""A network for short trainings on small colour images, after "airbench" (Jordan 2024).

The original, in "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", has 2 million parameters: a
2×2 convolution, then three blocks of two 3×3 convolutions, the first of each followed at once by
a max pooling, then the maximum over the image. Most of its work is multiplication, which fast
hardware does well; little of it is normalisation and activation, which wait for memory. Here it has
658,114 parameters on 32×32×3 images with 10 classes, and 987,394 with filters 64-128-224. The
whitening of the first layer, the start as an identity and the scaling of the logits are left out.
Images need at least 9×9 pixels.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.training import layers
from pipeline.training.recipe import Recipe

RECIPE = Recipe(optimizer="nesterov", learning_rate=5e-2, batch_size=512, weight_decay=5e-4)


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build the stem and three blocks, then take the maximum over the image."""
    stem = hp.Choice("stem_filters", [12, 24, 48], default=24)
    widths = hp.Choice("filters", ["32-64-128", "48-96-192", "64-128-224"], default="48-96-192")
    activation = hp.Choice("activation", ["relu", "gelu", "silu"], default="relu")
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0)
    features = layers.convolution(images, stem, 2, activation=activation, name="stem")
    for block, width in enumerate(map(int, widths.split("-")), start=1):
        for part in "ab":
            name = f"{block}{part}"
            features = layers.convolution(
                features,
                width,
                3,
                padding="same",
                activation="linear",
                bias=False,
                name=f"conv_{name}",
            )
            if part == "a":
                features = layers.pooling(features, "max", 2, name=f"pool_{block}")
            features = layers.normalisation(features, "batch", name=f"norm_{name}")
            features = keras.layers.Activation(activation, name=f"{activation}_{name}")(features)
    features = keras.layers.GlobalMaxPooling2D(name="maximum")(features)
    return keras.layers.Dropout(dropout, name="dropout")(features) if dropout else features
