"""Stage `train@NAME`: train the chosen model, or the baseline, once for each seed."""

import shutil
from pathlib import Path

import keras

from pipeline.base import paths
from pipeline.base.files import write_csv
from pipeline.config import environment
from pipeline.config.params import Params
from pipeline.running.terminal import progress, say
from pipeline.training import backend, layers, side_by_side, specification, trained
from pipeline.training.batches import SplitFolder
from pipeline.training.final import Training, finish_seed
from pipeline.training.finished import FinishedSeeds
from pipeline.training.fitting import Epoch, kept
from pipeline.training.trained import SeedResult, TrainedModels


def main(settings: Params, name: str) -> None:
    """Write one model a seed, their index, and the learning curves."""
    workers = environment.workers()
    folder = paths.MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    backend.start(settings.train.threads)
    training = Training(
        settings.train,
        specification.read(paths.SELECT / f"{name}.json"),
        backend.resolved(settings.fit),
        SplitFolder(paths.TRAIN),
        SplitFolder(paths.VALIDATION),
    )
    curves = _train(training, name, folder, workers)
    _write_curves(name, curves)
    _write_index(training, curves, folder)


def _train(training: Training, name: str, folder: Path, workers: int) -> dict[int, list[Epoch]]:
    """Finish every seed, behind a progress bar."""
    finished = FinishedSeeds(training.depends_on())
    seeds, epochs = training.settings.seeds, training.settings.epochs
    curves: dict[int, list[Epoch]] = {}
    with progress("epochs") as bar:
        task = bar.add_task(f"train {name}", total=epochs * len(seeds), note="")

        def show(seed: int, val_accuracy: float) -> None:
            note = f"seed {seed}, validation accuracy {val_accuracy:.4f}"
            bar.update(task, advance=1, note=note)

        missing = finished.missing(seeds)
        count = min(workers, len(missing))
        if count > 1:
            side_by_side.train_seeds(training, missing, count, folder, finished, show)
        for number, seed in enumerate(seeds, start=1):
            curves[seed] = finish_seed(training, seed, folder, finished, show)
            # A seed that was finished before, or stopped early, has shown fewer epochs.
            bar.update(task, completed=number * epochs)
    return curves


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
        training.train.fit,
    )
    trained.write(index, folder)
    scores = ", ".join(f"{end.val_accuracy:.4f}" for end in index.seeds)
    say(
        f"{folder.name}: {index.architecture} with {index.parameters:,} parameters; "
        f"validation accuracy {scores}; seed {index.released} is released"
    )
    for line in layers.uneven_layers(model):
        say(f"note: {line} unused")
