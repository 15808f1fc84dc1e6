"""The command `python -m pipeline plan`: the stages that would run, and their estimated cost.

An estimate comes from earlier runs of the same stage on this machine. How much of a run's time is
fixed, and how much grows with the models or with the images, is not known; so the estimate is the
range from "nothing grows" to "everything does", from the run whose size is nearest.
"""

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from pipeline.base import paths
from pipeline.base.files import read_json
from pipeline.commands import affected
from pipeline.config import automatic, params
from pipeline.config.automatic import Facts
from pipeline.config.params import FOLDER, Params
from pipeline.config.shapes import DataReport, Reasons
from pipeline.running import amounts, costs
from pipeline.running.amounts import Size
from pipeline.running.costs import Cost
from pipeline.running.terminal import console, say

LATEST = 3  # how many runs of one size an estimate is drawn from
UNDECIDED = "`auto` is open"


@dataclass(frozen=True)
class Estimate:
    """The estimate for one stage.

    Attributes:
        stage: Its name.
        certain: Whether it runs in any case, or only if the output of an earlier stage changes.
        source: The size of the earlier run that it is known from, or why it is unknown.
        seconds: The least and the most time it may take; None if unknown.
        peak_mib: Its memory, in MiB.
        disk_mib: The size of its outputs, in MiB.
    """

    stage: str
    certain: bool
    source: str
    seconds: tuple[float, float] | None = None
    peak_mib: float = 0
    disk_mib: float = 0


def show(overrides: Sequence[str]) -> None:
    """Print the stages that would run with these `key=value` overrides, with their costs."""
    estimates = plan(overrides)
    if not estimates:
        say("Nothing would run: data and results are up to date.")
        return
    table = Table("stage", "runs", "time", "memory", "disk", "nearest run")
    for one in estimates:
        figures = ("unknown",) * 3
        if one.seconds:
            figures = (_range(one.seconds), f"{one.peak_mib:,.0f} MiB", f"{one.disk_mib:,.1f} MiB")
        table.add_row(one.stage, "yes" if one.certain else "perhaps", *figures, one.source)
    console.print(table)
    if not all(one.certain for one in estimates):
        say("perhaps: only if what comes before it turns out different")
    ranges = [one.seconds for one in estimates if one.seconds]
    if ranges:
        low, high = (sum(ends) for ends in zip(*ranges, strict=True))
        free = shutil.disk_usage(".").free / 2**30
        say(
            f"Known are {len(ranges)} of {len(estimates)} stages: {_range((low, high))} and "
            f"{sum(one.disk_mib for one in estimates):,.0f} MiB together. DVC's cache may keep the "
            f"data once more; {free:,.0f} GiB are free. Trainings already in the store and stages "
            "in the run cache take less."
        )
    if any(one.source == UNDECIDED for one in estimates):
        say(f"{UNDECIDED}: its value is chosen from the pictures; `dvc repro settings` does that.")
    if len(ranges) < len(estimates):
        say(
            "One run makes a stage known, however short: such as `dvc exp run --temp` with the "
            "same -S, -S tune.trials=1 -S tune.epochs=1 -S train.epochs=1 -S 'train.seeds=[1]'."
        )


def _range(seconds: tuple[float, float]) -> str:
    """Write a range of seconds, as one number where both ends are nearly the same."""
    low, high = (f"{end:,.0f}" for end in seconds)
    if high == "0":
        return "under 1 s"
    return f"{low} s" if low == high else f"{low} to {high} s"


def plan(overrides: Sequence[str]) -> list[Estimate]:
    """Estimate every stage that the overrides affect, in the order of the run.

    Args:
        overrides: Each `key=value`.

    Raises:
        ConvoyError: an override is malformed, or its value is not allowed.
    """
    with affected.changed_copy(overrides) as (copy, settings):
        stages = affected.stages(copy)
        automatic_keys = params.read_automatic_keys(copy / paths.PARAMS)
    return [
        _estimate(stage, certain, settings, automatic_keys) for stage, certain in stages.items()
    ]


def _estimate(
    stage: str, certain: bool, settings: Params, automatic_keys: Sequence[str]
) -> Estimate:
    """Estimate one stage from its runs here, or say why that is not possible."""
    dataset, (name, _, item) = settings.dataset.name, stage.partition("@")
    earlier = costs.earlier()
    runs = [run for run in earlier if run.stage == stage]
    if not runs:
        return Estimate(stage, certain, "none here")
    left_out = name == "tune" and item in _left_out(settings)
    own_epochs = [key.partition(".")[0] for key in automatic_keys if key.endswith(".epochs")]
    images = _images(dataset, earlier)
    size = Size() if left_out else amounts.size_of(stage, settings, images, own_epochs)
    if size.models or name == "download":
        runs = [run for run in runs if run.dataset == dataset]
        if not runs:
            return Estimate(stage, certain, f"none on {dataset}")
        if name not in ("split", "download") and _undecided(dataset, automatic_keys):
            return Estimate(stage, certain, UNDECIDED)
    runs = [run for run in runs if bool(run.models) == bool(size.models)]
    if not runs:
        why = "all in the store" if size.models else "of another kind"
        return Estimate(stage, certain, why)
    workers = amounts.workers_of(stage, settings)
    runs = [run for run in runs if run.workers == workers] or runs
    distances = [sum(abs(math.log(times)) for times in _growth(run, size)) for run in runs]
    nearest = [run for run, far in zip(runs, distances, strict=True) if far == min(distances)]
    ranges = [_ends(run, size, workers) for run in nearest[-LATEST:]]
    models, passes = _growth(nearest[-1], size)
    return Estimate(
        stage,
        certain,
        "same size" if models == passes == 1 else f"{1 / passes:.2g} × size",
        (min(low for low, _ in ranges), max(high for _, high in ranges)),
        nearest[-1].peak_mib,
        nearest[-1].disk_mib * (models if name == "train" else 1),
    )


def _growth(run: Cost, size: Size) -> tuple[float, float]:
    """Return how many times as many models and images a size has as an earlier run."""
    if not (run.models and run.passes):
        return (1, 1)
    return size.models / run.models, size.passes / run.passes


def _ends(run: Cost, size: Size, workers: str) -> tuple[float, float]:
    """Return the time if it does not grow with the size, and if all of it but the start does."""
    growth = {1, *_growth(run, size)}
    if run.workers != workers:
        at_once, then = (int(text) if text.isdigit() else 1 for text in (workers, run.workers))
        growth |= {times * then / at_once for times in growth}
    return (
        run.startup_seconds + run.work_seconds * min(growth),
        run.startup_seconds + run.work_seconds * max(growth),
    )


def _images(dataset: str, earlier: Sequence[Cost]) -> dict[str, int]:
    """Return the number of images in each split of a data set, as far as it was ever here."""
    known = (dict(run.images) for run in reversed(earlier) if run.dataset == dataset and run.images)
    return amounts.images(dataset) or next(known, {})


def _left_out(settings: Params) -> dict[str, str]:
    """Return the architectures that stage `settings` will leave out, with reasons."""
    report = _report()
    known = settings.dataset.name == FOLDER and "pictures" in report
    return automatic.unsuited(settings.architectures, Facts.of(report) if known else None)


def _undecided(dataset: str, automatic_keys: Sequence[str]) -> bool:
    """Check whether values that are `auto` depend on images that are not divided yet."""
    divided = _report().get("dataset")
    if FOLDER not in (dataset, divided):
        return False
    chosen = read_json(paths.SETTINGS, Reasons)["because"] if paths.SETTINGS.exists() else {}
    return any(key not in chosen or dataset != divided for key in automatic_keys)


def _report() -> dict[str, Any]:
    return read_json(paths.DATA_REPORT, DataReport) if paths.DATA_REPORT.exists() else {}
