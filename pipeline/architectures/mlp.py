"""A multi-layer perceptron: by default one hidden layer of 128 units, the usual first network.

101,770 parameters on 28×28×1 images with 10 classes.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.training.recipe import Recipe

RECIPE = Recipe(optimizer="adam", learning_rate=1e-3, batch_size=128)
MOST_LAYERS = 3


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Flatten the image, then build one to three Dense layers with dropout after each."""
    features = keras.layers.Flatten(name="flatten")(images)
    activation = hp.Choice("activation", ["relu", "tanh", "gelu"], default="relu")
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0)
    layers = hp.Int("layers", 1, MOST_LAYERS, default=1)
    for number in range(1, MOST_LAYERS + 1):
        with hp.conditional_scope("layers", list(range(number, MOST_LAYERS + 1))):
            units = hp.Choice(f"units_{number}", [32, 64, 128, 256, 512], default=128)
        if number > layers:
            continue
        features = keras.layers.Dense(units, activation=activation, name=f"dense_{number}")(
            features
        )
        if dropout:
            features = keras.layers.Dropout(dropout, name=f"dropout_{number}")(features)
    return features
