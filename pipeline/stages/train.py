"""Stage `train@NAME`: train the chosen model, or the baseline, once for each seed."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from pipeline.workers import side_by_side
from pipeline.workers.executor import Executor, InFlight
from pipeline.workers.pool import Pool
from pipeline.workers.start import start_pool

# What `predict --precision` may be asked for.
PRECISIONS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


@dataclass(frozen=True)
class _Training:
    """A training of all seeds: its name, the seeds, the model as it is built, what shows it.

    The executor is opened before any training runs, because several describe one context.
    """

    name: str
    seeds: Sequence[FinalSeed]
    built: keras.Model
    watch: Watch
    executor: Executor


def main(settings: Params, name: str, *later: str) -> None:
    """Write one model a seed, their index, and the learning curves.

    Args:
        settings: The parameters.
        name: Of the model.
        later: Those that this run of DVC trains afterwards. Their seeds keep workers busy that
            would idle, and wait in the store.
    """
    final = settings.train
    folder = paths.MODELS / name
    shutil.rmtree(folder, ignore_errors=True)
    most = len(final.seeds) * (1 + len(later))
    with start_pool("train", most, final.threads, most * final.epochs) as pool:
        backend.start(final.threads)
        train = SplitFolder(paths.TRAIN)
        own = _training(settings, name, train, pool)
        wanted = later if pool.count > 1 else []
        others = [_training(settings, each, train, pool) for each in wanted]
        # The search may have chosen the baseline itself.
        beside = [each for each in others if each.seeds != own.seeds]
        if beside:
            say(f"beside it, so that no worker idles: {', '.join(each.name for each in beside)}")
        trainings = [own, *beside]
        jobs = [partial(_train, each, folder if each is own else None) for each in trainings]
        results, *_ = side_by_side.run(jobs, [each.watch.view for each in trainings], pool)
    curves = paths.LEARNING_CURVES / f"{name}.csv"
    _write_curves(curves, results)
    _write_index(own.seeds[0], own.built, train, results, folder)
    own.watch.shown(curves, folder / trained.INDEX)


def _training(settings: Params, name: str, train: SplitFolder, pool: Pool) -> _Training:
    """Prepare the training of the model of this name."""
    final = settings.train
    model = _completed(specification.read(paths.SELECT / f"{name}.json"), train)
    conditions = backend.resolved(settings.fit)
    epochs = epochs_of(model.architecture, "train", final.epochs)
    seeds = [
        FinalSeed(model, conditions, epochs, final.patience, final.mirrored, seed)
        for seed in final.seeds
    ]
    built, _ = seeds[0].build(train)
    watch = Watch(name, seeds, built)

    def report(flight: InFlight, report: Report) -> None:
        assert isinstance(flight.work, FinalSeed)
        watch.report(flight.work, report)

    executor = Executor.open(
        FinalSeed,
        model.architecture,
        final.threads,
        None,
        train,
        SplitFolder(paths.VALIDATION),
        pool,
        report,
    )
    return _Training(name, seeds, built, watch, executor)


def _completed(model: Specification, train: SplitFolder) -> Specification:
    """Fill in every hyperparameter, so that the search's winner is known if it is the baseline."""
    given = model.hyperparameters
    values = models.values(model.architecture, given, train.shape, len(train.classes))
    return replace(model, hyperparameters=values)


def _train(training: _Training, folder: Path | None) -> dict[int, Result]:
    """Finish every seed; write its model as soon as it is there, unless there is no folder."""
    results: dict[int, Result] = {}
    with training.executor as executor:
        for seed, finished in executor.finish_all(training.seeds):
            if folder:  # a failure of another model is its own stage's
                results[seed.seed] = _checked(seed, finished.result)
                assert finished.payload is not None
                with replacing(trained.model_file(folder, seed.seed)) as scratch:
                    scratch.write_bytes(finished.payload)
            training.watch.end(seed, finished)
    return {seed.seed: results[seed.seed] for seed in training.seeds if folder}


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
