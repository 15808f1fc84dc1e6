"""Stage `train@NAME`: train the chosen model, or the baseline, once for each seed."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import replacing, write_csv
from pipeline.config import environment
from pipeline.config.params import Params, epochs_of
from pipeline.pretrained import published
from pipeline.running.terminal import say
from pipeline.statistics import abstaining
from pipeline.training import (
    backend,
    effort,
    layers,
    looks,
    models,
    saving,
    specification,
    trained,
)
from pipeline.training.batches import INFERENCE_BATCH, Batches, SplitFolder
from pipeline.training.seeds import FinalSeed
from pipeline.training.specification import Specification
from pipeline.training.trained import SeedResult, Threshold, TrainedModels
from pipeline.training.watching import Watch
from pipeline.training.work import Report, Result
from pipeline.workers.executor import Executor, InFlight
from pipeline.workers.pool import Pool
from pipeline.workers.start import start_pool

# What `predict --precision` may be asked for.
PRECISIONS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


def main(settings: Params, name: str) -> None:
    """Write one model a seed, their index, and the learning curves."""
    final = settings.train
    folder = paths.MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    total = len(final.seeds) * final.epochs
    with start_pool("train", len(final.seeds), final.threads, total) as pool:
        backend.start(final.threads)
        train = SplitFolder(paths.TRAIN)
        model = _completed(specification.read(paths.SELECT / f"{name}.json"), train)
        conditions = backend.resolved(settings.fit)
        epochs = epochs_of(model.architecture, "train", final.epochs)
        seeds = [
            FinalSeed(model, conditions, epochs, final.patience, final.mirrored, seed)
            for seed in final.seeds
        ]
        built, _ = seeds[0].build(train)
        watch = Watch(name, seeds, built)
        with watch.view:
            results = _train(seeds, final.threads, train, pool, folder, watch)
    curves = paths.LEARNING_CURVES / f"{name}.csv"
    _write_curves(curves, results)
    _write_index(seeds[0], built, train, results, folder)
    watch.shown(curves, folder / trained.INDEX)


def _completed(model: Specification, train: SplitFolder) -> Specification:
    """Fill in every hyperparameter, so that the search's winner is known if it is the baseline."""
    given = model.hyperparameters
    values = models.values(model.architecture, given, train.shape, len(train.classes))
    return replace(model, hyperparameters=values)


def _train(
    seeds: Sequence[FinalSeed],
    threads: int,
    train: SplitFolder,
    pool: Pool,
    folder: Path,
    watch: Watch,
) -> dict[int, Result]:
    """Finish every seed; write its model as soon as it is there."""
    results: dict[int, Result] = {}

    def report(flight: InFlight, report: Report) -> None:
        assert isinstance(flight.work, FinalSeed)
        watch.report(flight.work, report)

    executor = Executor.open(
        FinalSeed,
        seeds[0].architecture,
        threads,
        None,
        train,
        SplitFolder(paths.VALIDATION),
        pool,
        report,
    )
    with executor:
        for seed, finished in executor.finish_all(seeds):
            results[seed.seed] = _checked(seed, finished.result)
            with replacing(trained.model_file(folder, seed.seed)) as scratch:
                scratch.write_bytes(finished.payload or b"")
            watch.end(seed, finished)
    return {seed.seed: results[seed.seed] for seed in seeds}


def _checked(seed: FinalSeed, result: Result) -> Result:
    """Return the result of a seed that came to its end.

    Raises:
        ConvoyError: it did not; the message says what to do.
    """
    again = "run the same again: finished seeds are kept."
    hints = {
        "killed": f", perhaps for want of memory. {environment.WORKERS} says how many train at a "
        f"time; with fewer, {again}",
        "memory": f". With a higher {environment.MEMORY}, or fewer {environment.WORKERS}, {again}",
    }
    if result.status == "failed":
        raise ConvoyError(f"{seed.title}: {result.reason}{hints.get(result.cause, '')}")
    return result


def _write_curves(file: Path, results: dict[int, Result]) -> None:
    columns = ["seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    rows = [
        [seed, epoch, *row]
        for seed, result in results.items()
        for epoch, row in enumerate(result.curve, start=1)
    ]
    write_csv(file, columns, rows)


def _write_index(
    seed: FinalSeed,
    model: keras.Model,
    train: SplitFolder,
    results: dict[int, Result],
    folder: Path,
) -> None:
    ends = []
    for number, result in results.items():
        assert result.val_accuracy is not None and result.val_loss is not None
        ends.append(SeedResult(number, result.val_accuracy, result.val_loss))
    index = TrainedModels(
        seed.architecture,
        model.count_params(),
        seed.conditions.precision,
        keras.backend.backend(),
        train.classes,
        ends,
        train.fit,
        effort.multiply_adds(model) * (1 + seed.mirrored),
        published.described(seed.architecture),
        looks.usual(train),
    )
    index = replace(index, thresholds=_thresholds(trained.model_file(folder, index.released)))
    trained.write(index, folder)
    scores = ", ".join(f"{end.val_accuracy:.4f}" for end in index.seeds)
    say(
        f"{folder.name}: {index.architecture} with {index.parameters:,} parameters; "
        f"validation accuracy {scores}; seed {index.released} is released"
    )
    for line in layers.uneven_layers(model):
        say(f"note: {line} unused")


def _thresholds(file: Path) -> list[Threshold]:
    """Choose on the validation images from which probability on an answer is sure."""
    validation = SplitFolder(paths.VALIDATION)
    probabilities = saving.load(file).predict(Batches(validation, INFERENCE_BATCH), verbose=0)
    correct = probabilities.argmax(axis=1) == validation.labels
    # Rounded down, so that no answer it was chosen by is lost.
    highest = np.floor(probabilities.max(axis=1).astype(np.float64) * 1e4) / 1e4
    found = {each: abstaining.threshold(highest, correct, each) for each in PRECISIONS}
    return [Threshold(precision, *chosen) for precision, chosen in found.items() if chosen]
