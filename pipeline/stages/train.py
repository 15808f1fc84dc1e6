"""Stage `train@NAME`: train the chosen model, or the baseline, once for each seed."""

import shutil
import sys

import keras
from rich.progress import Progress, TaskID

from pipeline import params, paths
from pipeline.files import write_csv
from pipeline.guard import run_stage
from pipeline.terminal import progress, say
from pipeline.training import backend, layers, models, saving, specification, trained
from pipeline.training.batches import SplitFolder
from pipeline.training.fitting import Epoch, fit, kept
from pipeline.training.trained import SeedResult, TrainedModels


def main() -> None:
    """Write one model a seed, their index, and the learning curves."""
    settings = params.load().train
    name = sys.argv[1]
    chosen = specification.read(paths.SELECT / f"{name}.json")
    train, validation = SplitFolder(paths.TRAIN), SplitFolder(paths.VALIDATION)
    folder = paths.MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    backend.start(settings.threads)
    conditions = settings.conditions(backend.precision)

    curves: dict[int, list[Epoch]] = {}
    with progress("epochs") as bar:
        task = bar.add_task(f"train {name}", total=settings.epochs * len(settings.seeds), note="")
        for seed in settings.seeds:
            keras.utils.set_random_seed(seed)
            model, recipe = models.build(
                chosen.architecture,
                chosen.hyperparameters,
                train.shape,
                len(train.classes),
                conditions.precision,
            )
            curves[seed] = fit(
                model,
                recipe,
                conditions,
                train,
                validation,
                epochs=settings.epochs,
                seed=seed,
                patience=settings.patience,
                callbacks=[_show_epochs(bar, task, seed)],
            )
            saving.save(model, trained.model_file(folder, seed))

    _write_curves(name, curves)
    ends = []
    for seed, curve in curves.items():
        end = kept(curve, settings.patience)
        ends.append(SeedResult(seed, end.val_accuracy, end.val_loss))
    index = TrainedModels(
        chosen.architecture, model.count_params(), conditions.precision, train.classes, ends
    )
    trained.write(index, folder)
    _say_result(name, model, index)


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


def _say_result(name: str, model: keras.Model, index: TrainedModels) -> None:
    scores = ", ".join(f"{end.val_accuracy:.4f}" for end in index.seeds)
    say(
        f"{name}: {index.architecture} with {index.parameters:,} parameters; "
        f"validation accuracy {scores}; seed {index.released} is released"
    )
    for line in layers.uneven_layers(model):
        say(f"note: {line} unused")


if __name__ == "__main__":
    run_stage(main)
