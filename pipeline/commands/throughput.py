"""The command `python -m pipeline throughput`: training speed on this machine by batch size."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from rich.table import Table

from pipeline.base import paths
from pipeline.config import params
from pipeline.config.conditions import PLAIN
from pipeline.figures import throughput as figure
from pipeline.running import costs
from pipeline.running.terminal import console, progress, say
from pipeline.training import backend, devices, models
from pipeline.training.batches import SplitFolder
from pipeline.training.recipe import Recipe, make_optimizer

BATCH_SIZES = (16, 32, 64, 128, 256, 512, 1024)
REPETITIONS = 5
# A repetition lasts this long, so a short burst of other work does not decide the result.
SECONDS = 0.5
# The smallest batch with this share of the highest speed is best; larger ones need more epochs.
NEARLY = 0.9
# Repetitions of one batch size that differ by more than this share were disturbed.
UNSTEADY = 0.5


@dataclass(frozen=True)
class Measured:
    """The measured training speed for one batch size.

    Attributes:
        batch_size: Images in a step.
        speeds: Images per second, one value for each repetition.
        peak_mib: Peak memory so far, in MiB: of the GPU if there is one, otherwise of this process.
    """

    batch_size: int
    speeds: tuple[float, ...]
    peak_mib: float

    @property
    def speed(self) -> float:
        """The median of the repetitions, in images per second."""
        return float(np.median(self.speeds))


def show(name: str) -> None:
    """Measure an architecture, print a table, draw the picture, and say which batch size serves."""
    settings = params.load()
    backend.start(settings.train.threads)
    precision = backend.resolved(settings.fit).precision
    train = SplitFolder(paths.TRAIN)
    found = []
    with progress("batch sizes") as bar:
        task = bar.add_task(f"throughput of {name}", total=len(BATCH_SIZES), note="")
        for batch_size in BATCH_SIZES:
            keras.utils.set_random_seed(1)
            model, recipe = models.build(name, {}, train.shape, len(train.classes), precision)
            found.append(measure(model, recipe, train, batch_size))
            bar.update(task, advance=1, note=f"{found[-1].speed:,.0f} images/s")
    console.print(_table(name, precision, found))
    picture = paths.state() / "throughput" / f"{name}.png"
    figure.draw(
        name,
        [entry.batch_size for entry in found],
        [entry.speeds for entry in found],
        [entry.peak_mib for entry in found],
        picture,
    )
    say(advice(found, recipe))
    say(f"The picture is {os.path.relpath(picture)}.")


def measure(model: keras.Model, recipe: Recipe, train: SplitFolder, batch_size: int) -> Measured:
    """Train repeatedly on one batch, so reading images from disk is not measured."""
    model.compile(
        make_optimizer(recipe, PLAIN, steps=1),
        "sparse_categorical_crossentropy",
    )
    chosen = np.arange(batch_size) % len(train)
    images, labels = train.images(chosen), train.labels[chosen]

    def step() -> None:
        model.train_on_batch(images, labels)

    step()  # the first one traces
    speeds = tuple(batch_size / seconds for seconds in _seconds_a_call(step))
    of_gpu = devices.gpu_peak_bytes()
    return Measured(batch_size, speeds, costs.peak_mib() if of_gpu is None else of_gpu / 2**20)


def best_batch_size(found: Sequence[Measured]) -> int:
    """Return the smallest batch size that reaches nearly the highest speed."""
    highest = max(entry.speed for entry in found)
    return min(entry.batch_size for entry in found if entry.speed >= NEARLY * highest)


def advice(found: Sequence[Measured], recipe: Recipe) -> str:
    """Write which batch size uses the device well, and how to scale the learning rate for it.

    Source: Goyal et al. 2017 (proportional, for SGD); Malladi et al. 2022 (square root, for
    Adam).
    """
    size = best_batch_size(found)
    ratio = size / recipe.batch_size
    rule = "with the square root (Adam)" if "adam" in recipe.optimizer else "in proportion (SGD)"
    factor = ratio**0.5 if "adam" in recipe.optimizer else ratio
    largest = size == max(entry.batch_size for entry in found)
    beyond = "were not tried" if largest else "only mean fewer steps an epoch"
    unsteady = any(min(entry.speeds) < UNSTEADY * max(entry.speeds) for entry in found)
    caution = (
        "The speeds vary by half: measure again while nothing else runs.\n" if unsteady else ""
    )
    return (
        f"{caution}Batches of {size} reach {NEARLY:.0%} of the highest speed; larger ones "
        f"{beyond}.\nThe recipe has batches of {recipe.batch_size} and a learning rate of "
        f"{recipe.learning_rate:g}. Scaled {rule}, batches of {size} begin with "
        f"{factor * recipe.learning_rate:.2g}: a start for the search, not a promise."
    )


def _seconds_a_call(step: Callable[[], None]) -> Iterator[float]:
    for _ in range(REPETITIONS):
        calls, start = 0, time.perf_counter()
        while (passed := time.perf_counter() - start) < SECONDS or not calls:
            step()
            calls += 1
        yield passed / calls


def _table(name: str, precision: str, found: Sequence[Measured]) -> Table:
    device = ", ".join(devices.gpu_names()) or "the processor"
    table = Table(title=f"Training {name} in {precision} on {device}")
    for column in ("batch size", "images/s", f"range of {REPETITIONS}", "peak memory"):
        table.add_column(column, justify="right")
    for entry in found:
        table.add_row(
            f"{entry.batch_size}",
            f"{entry.speed:,.0f}",
            f"{min(entry.speeds):,.0f} to {max(entry.speeds):,.0f}",
            f"{entry.peak_mib:,.0f} MiB",
        )
    return table
