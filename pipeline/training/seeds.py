"""The final training of one model: one seed of it, as work that is done once and kept."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import ClassVar

import keras

from pipeline.base.errors import ConvoyError
from pipeline.config.conditions import Conditions
from pipeline.training import devices, effort, models, saving
from pipeline.training.batches import SplitFolder
from pipeline.training.fitting import fit, kept
from pipeline.training.recipe import Recipe
from pipeline.training.reports import Reports
from pipeline.training.specification import Specification
from pipeline.training.work import EpochRow, Kind, Progress, Result


class DivergedError(ConvoyError):
    """A loss that is not finite."""


@dataclass(frozen=True)
class FinalSeed:
    """One seed of a final training: all that decides its model, besides data and software.

    Attributes:
        specification: The model.
        conditions: How every model is fitted.
        epochs: Passes over the training images.
        patience: As in `fit`.
        mirrored: Whether the model answers with the mean over an image and its mirror image.
        seed: Decides the first weights and the order of the images.
    """

    kind: ClassVar[Kind] = "seed"
    module: ClassVar[str] = "pipeline.training.seeds"
    wants_payload: ClassVar[bool] = True

    specification: Specification
    conditions: Conditions
    epochs: int
    patience: int | None
    mirrored: bool
    seed: int

    @property
    def architecture(self) -> str:
        """Name of a file in `pipeline/architectures/`."""
        return self.specification.architecture

    @property
    def title(self) -> str:
        """What a message calls it."""
        return f"seed {self.seed}"

    def key(self, context: str) -> str:
        """Return the name of the result: two seeds with one key have one result."""
        parts = [
            asdict(self.specification),
            self.conditions.model_dump(mode="json"),
            self.epochs,
            self.patience,
            self.mirrored,
            self.seed,
            context,
        ]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def continues(self) -> None:
        """Return nothing: a seed is trained in one go."""

    def run(
        self,
        train: SplitFolder,
        validation: SplitFolder,
        start: bytes | None,
        seconds: float | None,
        progress: Progress,
    ) -> tuple[Result, bytes | None]:
        """Train; the payload is the model's file. See `Work.run`."""
        try:
            model, curve = self._fit(train, validation, progress)
        except DivergedError as error:
            return Result("failed", reason=str(error), cause="specification"), None
        except Exception as error:
            if not devices.is_out_of_memory(error):
                raise
            return Result("failed", reason=f"memory ran out: {error}", cause="memory"), None
        end = kept(curve, self.patience)
        result = Result(
            "completed",
            end.val_accuracy,
            end.val_loss,
            model.count_params(),
            effort.multiply_adds(model) * (1 + self.mirrored),
            curve=tuple(curve),
        )
        return result, saving.dump(models.mirrored(model) if self.mirrored else model)

    def build(self, train: SplitFolder) -> tuple[keras.Model, Recipe]:
        """Build the model, with weights from Keras' present seed."""
        return models.build(
            self.specification.architecture,
            self.specification.hyperparameters,
            train.shape,
            len(train.classes),
            self.conditions.precision,
        )

    def _fit(
        self, train: SplitFolder, validation: SplitFolder, progress: Progress
    ) -> tuple[keras.Model, list[EpochRow]]:
        keras.utils.set_random_seed(self.seed)
        model, recipe = self.build(train)

        def look(epoch: int, logs: dict[str, float]) -> None:
            # A training that has diverged ends at once, not after all of its epochs.
            if not all(map(math.isfinite, logs.values())):
                raise DivergedError(
                    f"the loss is not finite after epoch {epoch + 1} (learning rate "
                    f"{recipe.learning_rate:g}). Search again with longer trials (tune.epochs), "
                    "under the conditions of this training, or choose other conditions (fit.*)."
                )

        curve = fit(
            model,
            recipe,
            self.conditions,
            train,
            validation,
            epochs=self.epochs,
            seed=self.seed,
            patience=self.patience,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_end=look),
                Reports(progress, model),
            ],
        )
        return models.plain(model), curve
