"""The fit of a model, shared by the search, the final training and the baseline."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.config.conditions import Conditions
from pipeline.training import augmentation, backend, features
from pipeline.training.batches import INFERENCE_BATCH, Batches, SplitFolder
from pipeline.training.gelu import VectorisedGelu
from pipeline.training.recipe import Recipe, make_optimizer
from pipeline.training.work import EpochRow


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
) -> list[EpochRow]:
    """Fit the model in place. Epochs count from 1.

    Args:
        model: A model; it stays uncompiled.
        recipe: Optimizer, learning rate, batch size and weight decay.
        conditions: The settings that all models share.
        train: Training images.
        validation: Validation images, scored after each epoch.
        epochs: Total number of epochs, including the first `first_epoch`.
        seed: Decides the order of the images, together with the number of the epoch.
        first_epoch: Number of epochs already done; a callback restores their state.
        patience: Stop after this many epochs without a better validation accuracy, and restore
            the weights of the best epoch (see `kept`). None: never stop early.
        callbacks: Further Keras callbacks.

    Returns:
        The epochs fitted here.
    """
    task = features.reduced(model, conditions, train, validation, paths.FEATURES)
    if task:
        model, conditions = task.model, task.conditions
        train, validation = task.train, task.validation
    batches = train.batches(recipe.batch_size, seed, first_epoch)
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
    # Otherwise the first step creates the optimizer's variables, and TensorFlow traces it twice.
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
    return [EpochRow(*row) for row in zip(*(history[name] for name in names), strict=True)]


def kept(curve: Sequence[EpochRow], patience: int | None) -> EpochRow:
    """Return the epoch whose weights the model has after `fit`."""
    return curve[-1] if patience is None else max(curve, key=lambda row: row.val_accuracy)


def _built_in(conditions: Conditions, patience: int | None) -> list[keras.callbacks.Callback]:
    chosen: list[keras.callbacks.Callback] = []
    if conditions.weight_average:
        # First in the list, so all later callbacks see the averaged weights after an epoch.
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
    """Return the weight n / (classes * its images) of each class, as scikit-learn's "balanced"."""
    present, counts = np.unique(labels, return_counts=True)
    weights = len(labels) / (len(present) * counts)
    return dict(zip(present.tolist(), weights.tolist(), strict=True))
