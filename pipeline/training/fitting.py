"""Fitting a model: one room for the search, the final training and the baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.config.conditions import Conditions
from pipeline.training import augmentation, backend
from pipeline.training.batches import INFERENCE_BATCH, Batches, SplitFolder
from pipeline.training.gelu import VectorisedGelu
from pipeline.training.recipe import Recipe, make_optimizer


@dataclass(frozen=True)
class Epoch:
    """One row of a learning curve: loss is the mean cross-entropy in nats, accuracy 0 to 1.

    The loss is without label smoothing and class weights, so that it means the same everywhere.
    """

    number: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


def fit(
    model: keras.Model,
    recipe: Recipe,
    conditions: Conditions,
    train: SplitFolder,
    validation: SplitFolder,
    *,
    epochs: int,
    seed: int,
    first_epoch: int = 0,
    patience: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> list[Epoch]:
    """Fit the model in place; the seed decides the order of the images. Epochs count from 1.

    Args:
        model: A model; it stays uncompiled.
        recipe: How to fit it.
        conditions: What holds for every model.
        train: Images to fit it to.
        validation: Images to score it on after each epoch.
        epochs: Epochs when all is done, those before `first_epoch` included.
        seed: Decides the order of the images, together with the number of the epoch.
        first_epoch: Epochs done before; a callback restores the state they led to.
        patience: Stop after so many epochs without a better validation accuracy, and go back to
            the best epoch (`kept` says which); None: never.
        callbacks: For Keras.

    Returns:
        The epochs fitted here.
    """
    batches = Batches(train, recipe.batch_size, seed, first_epoch)
    learner = augmentation.learner(model, conditions)
    learner.compile(
        optimizer=make_optimizer(recipe, conditions, epochs * len(batches)),
        loss=_loss(conditions.label_smoothing, len(train.classes)),
        metrics=[
            keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
            keras.metrics.SparseCategoricalCrossentropy(name="cross_entropy"),
        ],
        steps_per_execution=backend.steps_a_call(),
    )
    # Else the first step makes the optimizer's variables, and TensorFlow traces it once more.
    learner.optimizer.build(learner.trainable_variables)
    history = learner.fit(
        batches,
        validation_data=Batches(validation, INFERENCE_BATCH),
        epochs=epochs,
        initial_epoch=first_epoch,
        class_weight=_class_weights(train.labels) if conditions.class_weights else None,
        shuffle=False,  # Batches shuffles
        verbose=0,
        callbacks=[VectorisedGelu(), *_built_in(conditions, patience), *callbacks],
    ).history
    names = ("cross_entropy", "accuracy", "val_cross_entropy", "val_accuracy")
    rows = zip(*(history[name] for name in names), strict=True)
    return [Epoch(number, *row) for number, row in enumerate(rows, start=first_epoch + 1)]


def kept(curve: Sequence[Epoch], patience: int | None) -> Epoch:
    """Say at the end of which epoch the model had the weights that `fit` left it with."""
    return curve[-1] if patience is None else max(curve, key=lambda epoch: epoch.val_accuracy)


def _built_in(conditions: Conditions, patience: int | None) -> list[keras.callbacks.Callback]:
    chosen: list[keras.callbacks.Callback] = []
    if conditions.weight_average:
        # First, so that whatever else looks at the weights after an epoch sees their average.
        chosen.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    if patience is not None:
        chosen.append(
            keras.callbacks.EarlyStopping(
                "val_accuracy", mode="max", patience=patience, restore_best_weights=True
            )
        )
    return chosen


def _loss(smoothing: float, classes: int) -> str | Callable:
    if not smoothing:
        return "sparse_categorical_crossentropy"

    def smoothed(labels: keras.KerasTensor, probabilities: keras.KerasTensor) -> keras.KerasTensor:
        targets = keras.ops.one_hot(keras.ops.reshape(labels, (-1,)), classes)
        return keras.losses.categorical_crossentropy(
            targets, probabilities, label_smoothing=smoothing
        )

    return smoothed


def _class_weights(labels: NDArray[np.int64]) -> dict[int, float]:
    """Weigh each class with images by n / (classes * its images), as scikit-learn's "balanced"."""
    present, counts = np.unique(labels, return_counts=True)
    weights = len(labels) / (len(present) * counts)
    return dict(zip(present.tolist(), weights.tolist(), strict=True))
