"""Thousands of small networks that differ only by seed, trained many at a time, for `verdict`.

One Keras model holds a stack of independent networks: no weight is shared, the loss is a sum over
the networks, and Adam works weight by weight, so each learns what it would learn alone. Each has
its own initial weights and its own order of the images, both drawn from its own seed.
"""

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

BATCH = 32
STACK = 100
CLASSES = 10


def digits() -> tuple[NDArray[np.float32], ...]:
    """Return the digits, 8×8 as published: 1,438 training and 359 test images, and their labels."""
    images, labels = load_digits(return_X_y=True)
    return train_test_split(
        (images / 16).astype(np.float32), labels, test_size=359, stratify=labels, random_state=42
    )


def predictions(hidden: int, epochs: int, first_seed: int, count: int, cache: Path) -> NDArray:
    """Predict the test images with `count` networks of one hidden layer: uint8 [count, images].

    What is in the folder `cache` is not trained again.
    """
    file = cache / f"digits-hidden{hidden}-epochs{epochs}-from{first_seed}-{count}.npy"
    if not file.exists():
        stacks = [
            _train(hidden, epochs, range(start, min(start + STACK, first_seed + count)))
            for start in track(
                range(first_seed, first_seed + count, STACK), f"{hidden} units, {epochs} epochs"
            )
        ]
        cache.mkdir(parents=True, exist_ok=True)
        np.save(file, np.concatenate(stacks))
    return np.load(file)


def _train(hidden: int, epochs: int, seeds: range) -> NDArray:
    train, test, train_labels, _ = digits()
    generators = [np.random.default_rng(seed) for seed in seeds]
    model = _stack(len(seeds), train.shape[1], hidden, generators)
    for _ in range(epochs):
        orders = np.stack([generator.permutation(len(train)) for generator in generators], axis=1)
        for start in range(0, len(train), BATCH):
            chosen = orders[start : start + BATCH]
            model.train_on_batch(train[chosen], train_labels[chosen])
    shown = np.repeat(test[:, np.newaxis], len(seeds), axis=1)
    return model.predict(shown, batch_size=len(test), verbose=0).argmax(axis=2).T.astype(np.uint8)


def _stack(
    networks: int, inputs: int, hidden: int, generators: list[np.random.Generator]
) -> keras.Model:
    images = keras.Input((networks, inputs))
    layer = keras.layers.EinsumDense(
        "bni,nih->bnh", (networks, hidden), bias_axes="nh", activation="relu"
    )
    logits = keras.layers.EinsumDense("bnh,nhc->bnc", (networks, CLASSES), bias_axes="nc")
    model = keras.Model(images, logits(layer(images)))
    weights = [
        (_glorot(generator, inputs, hidden), np.zeros(hidden), _glorot(generator, hidden, CLASSES))
        for generator in generators
    ]
    first, bias, second = (np.stack(part) for part in zip(*weights, strict=True))
    model.set_weights([first, bias, second, np.zeros((networks, CLASSES))])
    model.compile(
        keras.optimizers.Adam(2e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum"),
    )
    return model


def _glorot(generator: np.random.Generator, inputs: int, outputs: int) -> NDArray:
    limit = np.sqrt(6 / (inputs + outputs))
    return generator.uniform(-limit, limit, (inputs, outputs))
