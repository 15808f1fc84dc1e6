"""A convolutional network for folders of pictures, for short trainings on a processor.

A 3×3 convolution at full size, then stages that each halve the size by max pooling and double the
filters, up to 256, as in VGG (Simonyan and Zisserman 2015); batch normalisation after every
convolution (Ioffe and Szegedy 2015), and at the end the mean over the image in place of layers of
millions of weights (Lin, Chen and Yan 2014). There are as many stages as leave 3×3 pixels, and four
at most. Images of 96 pixels a side and more are first halved by their mean, until fewer than 96 are
left: the work grows with the square of the side. It is not a published network: its defaults were
chosen by validation accuracy on four data sets. 396,666 parameters on 64×64×3 images with 10
classes.
"""

import keras
from keras_tuner import HyperParameters

from pipeline.training import layers
from pipeline.training.recipe import Recipe

# Of a few draws, those with stochastic gradient descent were behind (docs/folders.md).
RECIPE = Recipe(optimizer="adam", learning_rate=3e-3, batch_size=32, offered=("adam", "adamw"))
LEAST_PIXELS, MOST_STAGES, MOST_FILTERS = 3, 4, 256
# Images of fewer pixels a side leave time for twice the filters.
LARGE = 48


def build(hp: HyperParameters, images: keras.KerasTensor) -> keras.KerasTensor:
    """Build a first convolution and the stages, then take the mean over the image."""
    halvings = 0
    while min(images.shape[1:3]) // 2 >= LARGE:
        halvings += 1
        images = layers.pooling(images, "average", 2, name=f"half_{halvings}")
    _, height, width, _ = images.shape
    large = min(height, width) >= LARGE
    filters = hp.Choice("filters", [12, 16, 24, 32], default=16 if large else 32)
    convolutions = hp.Int("convolutions", 1, 2, default=1)
    deepest = _deepest(min(height, width))
    stages = hp.Int("stages", max(1, deepest - 1), deepest, default=deepest)
    dropout = hp.Float("dropout", 0.0, 0.5, step=0.1, default=0.0)
    features = _convolution(images, filters, "0_1")
    for stage in range(1, stages + 1):
        features = layers.pooling(features, "max", 2, name=f"pool_{stage}")
        for number in range(1, convolutions + 1):
            width_of_stage = min(filters * 2**stage, MOST_FILTERS)
            features = _convolution(features, width_of_stage, f"{stage}_{number}")
    features = keras.layers.GlobalAveragePooling2D(name="mean")(features)
    return keras.layers.Dropout(dropout, name="dropout")(features) if dropout else features


def _deepest(side: int) -> int:
    """Return how often a side can be halved with `LEAST_PIXELS` left, at least once."""
    fitting = [n for n in range(1, MOST_STAGES + 1) if side // 2**n >= LEAST_PIXELS]
    return max(fitting, default=1)


def _convolution(features: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    features = layers.convolution(
        features,
        filters,
        3,
        padding="same",
        activation="linear",
        bias=False,
        name=f"conv_{name}",
    )
    features = layers.normalisation(features, "batch", name=f"norm_{name}")
    return keras.layers.ReLU(name=f"relu_{name}")(features)
