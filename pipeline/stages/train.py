"""Stage `train@NAME`: train the chosen model, or the baseline, once for each seed."""

import math
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
from rich.progress import Progress, TaskID

from pipeline import params, paths, sources
from pipeline.errors import ConvoyError
from pipeline.files import write_csv
from pipeline.guard import run_stage
from pipeline.terminal import progress, say
from pipeline.training import backend, layers, models, saving, specification, trained
from pipeline.training.batches import SplitFolder
from pipeline.training.conditions import Conditions
from pipeline.training.finished import FinishedSeeds
from pipeline.training.fitting import Epoch, fit, kept
from pipeline.training.recipe import Recipe
from pipeline.training.specification import Specification
from pipeline.training.trained import SeedResult, TrainedModels


@dataclass(frozen=True)
class Training:
    """All that decides what the stage's models become, but the seed."""

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

    def fit(self, seed: int, callback: keras.callbacks.Callback) -> tuple[keras.Model, list[Epoch]]:
        """Train one seed.

        Raises:
            ConvoyError: its loss is not finite.
        """
        keras.utils.set_random_seed(seed)
        model, recipe = self.build()
        curve = fit(
            model,
            recipe,
            self.conditions,
            self.train,
            self.validation,
            epochs=self.settings.epochs,
            seed=seed,
            patience=self.settings.patience,
            callbacks=[callback],
        )
        _check_finite(curve, seed, recipe.learning_rate)
        return model, curve

    def depends_on(self) -> dict[str, Any]:
        """Describe it, for the seeds that an interrupted run has finished."""
        architecture = f"pipeline.architectures.{self.specification.architecture}"
        return {
            "specification": asdict(self.specification),
            "conditions": asdict(self.conditions),
            "settings": self.settings.model_dump(mode="json", exclude={"seeds"}),
            "data": [self.train.digest, self.validation.digest],
            "code": sources.digest(sources.transitive("pipeline.stages.train", architecture)),
            "software": backend.software(),
        }


def main() -> None:
    """Write one model a seed, their index, and the learning curves."""
    settings = params.load().train
    name = sys.argv[1]
    folder = paths.MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    backend.start(settings.threads)
    training = Training(
        settings,
        specification.read(paths.SELECT / f"{name}.json"),
        settings.conditions(backend.precision),
        SplitFolder(paths.TRAIN),
        SplitFolder(paths.VALIDATION),
    )
    finished = FinishedSeeds(training.depends_on())

    curves: dict[int, list[Epoch]] = {}
    with progress("epochs") as bar:
        task = bar.add_task(f"train {name}", total=settings.epochs * len(settings.seeds), note="")
        for number, seed in enumerate(settings.seeds, start=1):
            file = trained.model_file(folder, seed)
            curve = finished.bring(seed, file)
            if curve is None:
                model, curve = training.fit(seed, _show_epochs(bar, task, seed))
                model = models.plain(model)
                saving.save(models.mirrored(model) if settings.mirrored else model, file)
                finished.keep(seed, file, curve)
            curves[seed] = curve
            # A seed that was finished before, or stopped early, has shown fewer epochs.
            bar.update(task, completed=number * settings.epochs)

    _write_curves(name, curves)
    _write_index(training, curves, folder)


def _check_finite(curve: list[Epoch], seed: int, learning_rate: float) -> None:
    for epoch in curve:
        if not (math.isfinite(epoch.loss) and math.isfinite(epoch.val_loss)):
            raise ConvoyError(
                f"seed {seed}: the loss is not finite after epoch {epoch.number} (learning rate "
                f"{learning_rate:g}). Search again with longer trials (tune.epochs), under the "
                "conditions of this training, or choose other conditions (train.*)."
            )


def _show_epochs(bar: Progress, task: TaskID, seed: int) -> keras.callbacks.Callback:
    def show(epoch: int, logs: dict[str, float]) -> None:
        note = f"seed {seed}, validation accuracy {logs['val_accuracy']:.4f}"
        bar.update(task, advance=1, note=note)

    return keras.callbacks.LambdaCallback(on_epoch_end=show)


def _write_curves(name: str, curves: dict[int, list[Epoch]]) -> None:
    columns = ["seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    rows = [
        [seed, e.number, e.loss, e.accuracy, e.val_loss, e.val_accuracy]
        for seed, curve in curves.items()
        for e in curve
    ]
    write_csv(paths.LEARNING_CURVES / f"{name}.csv", columns, rows)


def _write_index(training: Training, curves: dict[int, list[Epoch]], folder: Path) -> None:
    ends = [(seed, kept(curve, training.settings.patience)) for seed, curve in curves.items()]
    model, _ = training.build()
    index = TrainedModels(
        training.specification.architecture,
        model.count_params(),
        training.conditions.precision,
        keras.backend.backend(),
        training.train.classes,
        [SeedResult(seed, end.val_accuracy, end.val_loss) for seed, end in ends],
    )
    trained.write(index, folder)
    scores = ", ".join(f"{end.val_accuracy:.4f}" for end in index.seeds)
    say(
        f"{folder.name}: {index.architecture} with {index.parameters:,} parameters; "
        f"validation accuracy {scores}; seed {index.released} is released"
    )
    for line in layers.uneven_layers(model):
        say(f"note: {line} unused")


if __name__ == "__main__":
    run_stage(main)
