"""Fitting a model: one room for the search, the final training and the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from pipeline.batches import INFERENCE_BATCH, Batches, SplitFolder
from pipeline.recipe import Recipe, make_optimizer


@dataclass(frozen=True)
class Epoch:
    """One row of a learning curve: loss is the mean cross-entropy in nats, accuracy 0 to 1."""

    number: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


def fit(
    model: keras.Model,
    recipe: Recipe,
    train: SplitFolder,
    validation: SplitFolder,
    *,
    epochs: int,
    seed: int,
    first_epoch: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> list[Epoch]:
    """Fit the model in place; the seed decides the order of the images. Epochs count from 1.

    Args:
        model: A model that has not been compiled.
        recipe: How to fit it.
        train: Images to fit it to.
        validation: Images to score it on after each epoch.
        epochs: Epochs when all is done, those before `first_epoch` included.
        seed: Decides the order of the images, together with the number of the epoch.
        first_epoch: Epochs done before; a callback restores the state they led to.
        callbacks: For Keras.

    Returns:
        The epochs fitted here.
    """
    model.compile(
        optimizer=make_optimizer(recipe),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    history = model.fit(
        Batches(train, recipe.batch_size, seed, first_epoch),
        validation_data=Batches(validation, INFERENCE_BATCH),
        epochs=epochs,
        initial_epoch=first_epoch,
        shuffle=False,  # Batches shuffles
        verbose=0,
        callbacks=list(callbacks),
    ).history
    columns = (history[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy"))
    rows = zip(*columns, strict=True)
    return [Epoch(number, *row) for number, row in enumerate(rows, start=first_epoch + 1)]
