"""LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998), in the form of "Dive into Deep Learning", 7.6.

Conv 5×5 ×6 with padding 2, AvgPool 2×2, Conv 5×5 ×16, AvgPool 2×2, Dense 120, Dense 84, with
sigmoid throughout: 61,706 parameters on 28×28×1 images with 10 classes. The recipe there is SGD
with learning rate 0.1 and batches of 128; with sigmoids it takes some hundred steps before the
loss begins to fall.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.training import layers
from pipeline.training.recipe import Recipe

RECIPE = Recipe(optimizer="sgd", learning_rate=1e-1, batch_size=128)


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build two convolutions, each with pooling, then two Dense layers."""
    activation = hp.Choice("activation", ["sigmoid", "tanh", "relu"], default="sigmoid")
    kind = hp.Choice("pooling", ["average", "max"], default="average")
    features = images
    blocks: tuple[tuple[int, int, layers.Padding], ...] = ((1, 6, "same"), (2, 16, "valid"))
    for number, filters, padding in blocks:
        features = layers.convolution(
            features,
            hp.Choice(f"filters_{number}", [filters, 2 * filters, 4 * filters], default=filters),
            kernel=5,
            padding=padding,
            activation=activation,
            name=f"conv_{number}",
        )
        features = layers.pooling(features, kind, 2, name=f"pool_{number}")
    features = keras.layers.Flatten(name="flatten")(features)
    for number, units in ((1, 120), (2, 84)):
        features = keras.layers.Dense(
            hp.Choice(f"dense_units_{number}", [units // 2, units, 2 * units], default=units),
            activation=activation,
            name=f"dense_{number}",
        )(features)
    rate = hp.Float("dropout", 0.0, 0.5, step=0.25, default=0.0)
    return keras.layers.Dropout(rate, name="dropout")(features) if rate else features
