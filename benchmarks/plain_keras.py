"""A network as Keras' guide "Image classification from scratch" builds one, for comparison.

No search and nothing of the pipeline: augmentation layers, four blocks of convolution, batch
normalisation, ReLU and pooling, then the mean over the image, Dropout and one Dense layer; Adam at
its default rate; the weights of the epoch with the best validation accuracy.
"""

import time

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

FILTERS = (32, 64, 128, 256)
BATCH_SIZE = 32


def predicted(
    train: tuple[Images, Labels],
    validation: tuple[Images, Labels],
    test_images: Images,
    classes: int,
    *,
    seconds: float,
    flip: bool,
    seed: int,
) -> Labels:
    """Train for some processor seconds, and return a label for each test image, int64 [n].

    Args:
        train: uint8 [n, height, width, channels] and int64 [n].
        validation: The same, to choose the epoch by.
        test_images: uint8 [n, height, width, channels].
        classes: How many there are.
        seconds: Processor time of this process after which the epoch is the last.
        flip: Whether images may be mirrored.
        seed: For the weights, the order of the images and the augmentation.
    """
    keras.utils.set_random_seed(seed)
    model = network(train[0].shape[1:], classes, flip=flip)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    best = keras.callbacks.EarlyStopping(
        "val_accuracy", mode="max", patience=10**6, restore_best_weights=True
    )
    model.fit(
        *train,
        batch_size=BATCH_SIZE,
        epochs=10**6,
        validation_data=validation,
        callbacks=[best, _Stop(seconds)],
        verbose=0,
    )
    return model.predict(test_images, batch_size=500, verbose=0).argmax(axis=1)


def network(shape: tuple[int, ...], classes: int, *, flip: bool) -> keras.Model:
    """Build the network on uint8 images of this shape."""
    images = keras.Input(shape)
    features = layers.RandomFlip("horizontal")(images) if flip else images
    features = layers.RandomRotation(0.05)(features)
    features = layers.RandomZoom(0.1)(features)
    features = layers.Rescaling(1 / 255)(features)
    for number, filters in enumerate(FILTERS):
        features = layers.Conv2D(filters, 3, padding="same", use_bias=False)(features)
        features = layers.BatchNormalization()(features)
        features = layers.Activation("relu")(features)
        if number < len(FILTERS) - 1:
            features = layers.MaxPooling2D()(features)
    features = layers.GlobalAveragePooling2D()(features)
    features = layers.Dropout(0.5)(features)
    return keras.Model(images, layers.Dense(classes, activation="softmax")(features))


class _Stop(keras.callbacks.Callback):
    """Ends the training at the end of the first epoch after so many processor seconds."""

    def __init__(self, seconds: float):
        super().__init__()
        self.end = time.process_time() + seconds

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if time.process_time() > self.end:
            self.model.stop_training = True
