"""Thousands of small convolutional networks, trained many at a time, for `paired_seeds`.

One Keras model holds a stack of independent networks, as in `many_models`: no weight is shared,
the loss is a sum over the networks, and Adam works weight by weight. Two convolutions with max
pooling and one dense layer, on the digits.
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.many_models import BATCH, CLASSES, digits

# Divisible by 2, 3 and 5: no comparison of so many seeds a side reaches over two stacks.
STACK = 60
SIZE, KERNEL = 8, 3
EPOCHS = 12


@dataclass(frozen=True)
class Variant:
    """What is trained, and what it shares with the first configuration at the same seed.

    Attributes:
        name: Its name in tables and files.
        learning_rate: Of Adam.
        smoothing: Label smoothing.
        filters: Of the two convolutions.
        other_order: Whether the order of the images is drawn from another seed.
        replaced: Whether a training image, another one in each stack, is replaced by a copy of
            another image.
    """

    name: str
    learning_rate: float = 4e-3
    smoothing: float = 0.0
    filters: tuple[int, int] = (6, 12)
    other_order: bool = False
    replaced: bool = False


def predictions(variant: Variant, first_seed: int, stacks: int, cache: Path) -> NDArray[np.uint8]:
    """Predict the test images with networks of consecutive seeds, [STACK * stacks, 359].

    A stack that is in the folder `cache` is not trained again.
    """
    found = []
    starts = [first_seed + STACK * number for number in range(stacks)]
    for start in track(starts, variant.name):
        file = cache / f"{variant.name.replace(' ', '_')}-from{start}.npy"
        if not file.exists():
            cache.mkdir(parents=True, exist_ok=True)
            np.save(file, _train(variant, start))
            keras.utils.clear_session()
        found.append(np.load(file))
    return np.concatenate(found)


class Convolution(keras.layers.Layer):
    """A 3×3 convolution of every network with padding, then 2×2 max pooling and ReLU.

    Each is multiplied out to the matrix from all inputs to all outputs. For images of 8×8 pixels
    one such product takes a fraction of the time that cutting patches takes.
    """

    def __init__(self, filters: int):
        super().__init__()
        self.filters = filters

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the weights for inputs [networks, images, positions, channels]."""
        networks, _, positions, channels = shape
        self.taps = keras.ops.convert_to_tensor(_taps(round(positions**0.5)))
        self.kernel = self.add_weight((networks, channels, KERNEL**2, self.filters))
        self.bias = self.add_weight((networks, 1, 1, self.filters))

    def call(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Return [networks, images, positions / 4, filters]."""
        networks, _, positions, channels = images.shape
        matrix = keras.ops.matmul(self.taps, self.kernel)
        matrix = keras.ops.reshape(matrix, (networks, channels * positions, -1))
        flat = keras.ops.reshape(
            keras.ops.swapaxes(images, 2, 3), (networks, -1, channels * positions)
        )
        outputs = keras.ops.matmul(flat, matrix)
        corners = keras.ops.reshape(outputs, (networks, -1, 4, positions // 4, self.filters))
        return keras.ops.relu(keras.ops.max(corners, axis=2) + self.bias)


def _taps(size: int) -> NDArray[np.float32]:
    """Return which tap of the kernel connects an input with an output position.

    Returns:
        0 or 1, [inputs * outputs, KERNEL²]; of the outputs, the four of each pooling window are
        the outer axis.
    """
    taps = np.zeros((size, size, 2, 2, size // 2, size // 2, KERNEL, KERNEL), np.float32)
    for row, column, y, x in np.ndindex(size, size, KERNEL, KERNEL):
        top, left = row + y - KERNEL // 2, column + x - KERNEL // 2
        if 0 <= top < size and 0 <= left < size:
            taps[top, left, row % 2, column % 2, row // 2, column // 2, y, x] = 1
    return taps.reshape(size**4, KERNEL**2)


def _train(variant: Variant, first_seed: int) -> NDArray[np.uint8]:
    train, test, train_labels, _ = digits()
    if variant.replaced:
        gone, copied = np.random.default_rng(first_seed).choice(len(train), 2, replace=False)
        train[gone], train_labels[gone] = train[copied], train_labels[copied]
    seeds = range(first_seed, first_seed + STACK)
    model = _stack(variant, [np.random.default_rng((seed, 0)) for seed in seeds])
    stream = 2 if variant.other_order else 1
    generators = [np.random.default_rng((seed, stream)) for seed in seeds]
    targets = np.eye(CLASSES, dtype=np.float32)[train_labels]
    for _ in range(EPOCHS):
        orders = np.stack([generator.permutation(len(train)) for generator in generators])
        for start in range(0, len(train), BATCH):
            chosen = orders[:, start : start + BATCH]
            model.train_on_batch(train[chosen][..., np.newaxis], targets[chosen])
    shown = np.repeat(test[np.newaxis, ..., np.newaxis], STACK, axis=0)
    return model.predict_on_batch(shown).argmax(axis=2).astype(np.uint8)


def _stack(variant: Variant, generators: list[np.random.Generator]) -> keras.Model:
    """Build the networks; the first axis of every tensor counts networks, the second images."""
    images = keras.Input(batch_shape=(len(generators), None, SIZE**2, 1))
    layers = [Convolution(filters) for filters in variant.filters]
    features = layers[1](layers[0](images))
    flat = keras.ops.reshape(features, (len(generators), -1, features.shape[2] * features.shape[3]))
    dense = keras.layers.EinsumDense("nbi,nic->nbc", (None, CLASSES), bias_axes="nc")
    model = keras.Model(images, dense(flat))
    for layer in [*layers, dense]:
        weights = [_glorot(generator, layer.kernel.shape[1:]) for generator in generators]
        layer.set_weights([np.stack(weights), np.zeros(layer.bias.shape)])
    model.compile(
        keras.optimizers.Adam(variant.learning_rate),
        keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=variant.smoothing, reduction="sum"
        ),
        jit_compile=False,
    )
    return model


def _glorot(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    *_, outputs = shape
    limit = np.sqrt(6 / (np.prod(shape[:-1]) + outputs * np.prod(shape[1:-1])))
    return generator.uniform(-limit, limit, shape).astype(np.float32)
