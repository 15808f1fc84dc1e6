"""The final training of one model: all that decides what it becomes, and one seed of it."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras

from pipeline.base import code_digest
from pipeline.base.errors import ConvoyError
from pipeline.config import params
from pipeline.config.conditions import Conditions
from pipeline.training import backend, models, saving, trained
from pipeline.training.batches import SplitFolder
from pipeline.training.finished import FinishedSeeds
from pipeline.training.fitting import Epoch, fit
from pipeline.training.recipe import Recipe
from pipeline.training.specification import Specification

# Told the seed and the validation accuracy after each epoch.
Show = Callable[[int, float], None]


@dataclass(frozen=True)
class Training:
    """All that decides what the models become, but the seed."""

    settings: params.Train
    specification: Specification
    conditions: Conditions
    train: SplitFolder
    validation: SplitFolder

    def build(self) -> tuple[keras.Model, Recipe]:
        """Build the model, with weights from Keras' present seed."""
        return models.build(
            self.specification.architecture,
            self.specification.hyperparameters,
            self.train.shape,
            len(self.train.classes),
            self.conditions.precision,
        )

    def depends_on(self) -> dict[str, Any]:
        """Describe it, for the seeds that an interrupted run has finished."""
        architecture = f"pipeline.architectures.{self.specification.architecture}"
        return {
            "specification": asdict(self.specification),
            "conditions": self.conditions.model_dump(mode="json"),
            "settings": self.settings.model_dump(mode="json", exclude={"seeds"}),
            "data": [self.train.digest, self.validation.digest],
            "code": code_digest.digest("pipeline.training.final", architecture),
            "software": backend.software(),
        }


def finish_seed(
    training: Training, seed: int, folder: Path, finished: FinishedSeeds, show: Show
) -> list[Epoch]:
    """Train one seed, unless it is finished; write its model into `folder`, and keep it.

    Returns:
        Its learning curve.

    Raises:
        ConvoyError: its loss is not finite.
    """
    file = trained.model_file(folder, seed)
    with finished.claim(seed):
        curve = finished.bring(seed, file)
        if curve is None:
            model, curve = _train(training, seed, show)
            saving.save(models.mirrored(model) if training.settings.mirrored else model, file)
            finished.keep(seed, file, curve)
    return curve


def _train(training: Training, seed: int, show: Show) -> tuple[keras.Model, list[Epoch]]:
    keras.utils.set_random_seed(seed)
    model, recipe = training.build()
    curve = fit(
        model,
        recipe,
        training.conditions,
        training.train,
        training.validation,
        epochs=training.settings.epochs,
        seed=seed,
        patience=training.settings.patience,
        callbacks=[_watching(seed, recipe.learning_rate, show)],
    )
    return models.plain(model), curve


def _watching(seed: int, learning_rate: float, show: Show) -> keras.callbacks.Callback:
    """Show each epoch; end a training that has diverged at once, not after all of its epochs."""

    def look(epoch: int, logs: dict[str, float]) -> None:
        if not all(map(math.isfinite, logs.values())):
            raise ConvoyError(
                f"seed {seed}: the loss is not finite after epoch {epoch + 1} (learning rate "
                f"{learning_rate:g}). Search again with longer trials (tune.epochs), under the "
                "conditions of this training, or choose other conditions (fit.*)."
            )
        show(seed, logs["val_accuracy"])

    return keras.callbacks.LambdaCallback(on_epoch_end=look)
