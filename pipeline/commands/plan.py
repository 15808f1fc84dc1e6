"""The command `python -m pipeline plan`: the stages that would run, and their estimated cost."""

import math
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.table import Table

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.commands import affected, probe
from pipeline.config.params import Params
from pipeline.running import costs
from pipeline.running.costs import Cost
from pipeline.running.terminal import console, say


@dataclass(frozen=True)
class Estimate:
    """The estimate for one stage.

    Attributes:
        stage: Its name.
        certain: Whether it runs in any case, or only if the output of an earlier stage changes.
        cost: The expected cost; None if nothing is known.
    """

    stage: str
    certain: bool
    cost: Cost | None


def show(overrides: Sequence[str], *, probing: bool = True) -> None:
    """Print the stages that would run with these `key=value` overrides, with their costs."""
    estimates = plan(overrides, probing=probing)
    if not estimates:
        say("Nothing would run: data and results are up to date.")
        return
    table = Table(title="What `dvc repro` would run")
    for column in ("stage", "runs", "about", "memory", "disk", "known from"):
        table.add_column(column)
    for estimate in estimates:
        runs = "yes" if estimate.certain else "perhaps"
        table.add_row(estimate.stage, runs, *_columns(estimate.cost))
    console.print(table)
    if not all(estimate.certain for estimate in estimates):
        say("perhaps: only if what comes before it turns out different")
    known = [estimate.cost for estimate in estimates if estimate.cost]
    disk = sum(cost.disk_mib or 0 for cost in known)
    free = shutil.disk_usage(".").free / 2**30
    say(
        f"Together about {sum(cost.seconds for cost in known):,.0f} s and {disk:,.0f} MiB, for the "
        f"{len(known)} of {len(estimates)} stages that are known. DVC's cache may keep the data "
        f"once more; {free:,.0f} GiB are free."
    )
    say("Trainings already in the store and stages in the run cache take less.")
    if accuracy := costs.accuracy():
        say(accuracy)


def _columns(cost: Cost | None) -> tuple[str, ...]:
    """Write a cost as four texts: time, memory, disk, and its source."""
    if cost is None:
        return ("unknown",) * 3 + ("never ran here",)
    disk = "unknown" if cost.disk_mib is None else f"{cost.disk_mib:,.1f} MiB"
    source = "a probe" if cost.probe else "an earlier run"
    return f"{cost.seconds:,.0f} s", f"{cost.peak_mib:,.0f} MiB", disk, source


def plan(overrides: Sequence[str], *, probing: bool = True) -> list[Estimate]:
    """Estimate every stage that the overrides affect, in the order of the run.

    Args:
        overrides: Each `key=value`.
        probing: Whether to probe, for some seconds, stages that never ran here.

    Raises:
        ConvoyError: an override is malformed, or its value is not allowed.
    """
    with affected.changed_copy(overrides) as (copy, settings):
        certain, following = affected.stages(copy)
        if probing:
            unknown = [stage for stage in certain + following if not _earlier(stage, settings)]
            costs.append(probe.estimate(unknown, settings, copy / paths.PARAMS))
    estimates = [Estimate(stage, True, _expected(stage, settings)) for stage in certain]
    estimates += [Estimate(stage, False, _expected(stage, settings)) for stage in following]
    planned = {
        entry.stage: {
            "seconds": entry.cost.seconds,
            "work": entry.cost.work,
            "workers": entry.cost.workers,
        }
        for entry in estimates
        if entry.cost
    }
    write_json(paths.PLAN, planned)
    return estimates


def _earlier(stage: str, settings: Params) -> list[Cost]:
    """Return the recorded costs of a stage on this data set.

    Runs with the current number of workers are preferred to other runs, and runs to probes.
    """
    name = settings.dataset.name
    same = [cost for cost in costs.earlier() if cost.stage == stage and cost.dataset == name]
    runs = [cost for cost in same if not cost.probe]
    alike = [cost for cost in runs if cost.workers == costs.workers_of(stage, settings)]
    return alike or runs or same


def _expected(stage: str, settings: Params) -> Cost | None:
    """Scale an earlier run of this stage by the amount of work and the number of workers.

    The slowest of the latest three runs is used, because a search that found its trials in the
    store is too fast to be typical. Dividing the time by the number of workers is a guess; it
    holds if each worker has its own processor.
    """
    latest = _earlier(stage, settings)[-3:]
    if not latest:
        return None
    slowest = max(latest, key=lambda cost: cost.work_seconds / cost.work)
    images = costs.images()
    work = costs.work_of(stage, settings, images) if images else slowest.work
    workers = costs.workers_of(stage, settings)
    then, now = (_at_once(stage, number, settings) for number in (slowest.workers, workers))
    seconds = slowest.work_seconds * work / slowest.work * then / now
    return replace(slowest, work=work, work_seconds=seconds, workers=workers)


def _at_once(stage: str, workers: str, settings: Params) -> float:
    """Return the mean number of models trained at a time; for a cluster it is unknown and set to 1.

    With three seeds on two workers it is 1.5, because one worker is idle for half of the time.
    """
    number = max(1, int(workers)) if re.fullmatch("[0-9]+", workers) else 1
    if stage.startswith("train@"):
        seeds = len(settings.train.seeds)
        return seeds / math.ceil(seeds / number)
    return min(number, settings.tune.in_flight)
