"""The record of each stage's cost on this machine: seconds, memory, disk.

It is written after each stage that DVC runs, and `python -m pipeline plan` reads it. It is kept in
`.state/` of the original repository, untracked; deleting it changes no result.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import psutil

from pipeline.base import paths
from pipeline.base.files import files_of, read_json, write_json
from pipeline.config import dvc_yaml, environment, params
from pipeline.config.params import Params
from pipeline.running.guard import described
from pipeline.running.terminal import say

# Fewer stages that ran after a plan say little about plans.
LEAST_PLANS = 5


@dataclass(frozen=True)
class Cost:
    """The cost of one run of a stage.

    Attributes:
        stage: Its name in dvc.yaml, such as tune@mlp.
        dataset: `dataset.name` of the run.
        work: Amount of work, in the stage's own unit (see `work_of`).
        startup_seconds: Time from the start of the process to the start of the work.
        work_seconds: Time of the work itself.
        peak_mib: Largest resident memory of the process, in MiB. If worker processes ran the
            trials, the largest worker's is added once, however many ran at a time.
        disk_mib: Size of the stage's outputs, in MiB; None in records of older versions.
        planned_seconds: The time that `plan` last predicted for this work; None without a plan.
        probe: Whether this is scaled up from a probe on a few images instead of a run.
        workers: The number of models trained at a time, as from `workers_of`.
    """

    stage: str
    dataset: str
    work: float
    startup_seconds: float
    work_seconds: float
    peak_mib: float
    disk_mib: float | None = None
    planned_seconds: float | None = None
    probe: bool = False
    workers: str = "1"

    @property
    def seconds(self) -> float:
        """Start-up and work together, in seconds."""
        return self.startup_seconds + self.work_seconds


@contextmanager
def recorded(stage: str) -> Iterator[None]:
    """Measure the block, a stage's work, and append its cost if it ends without an error.

    If there was a plan for this work, print the planned and the actual time and drop the plan.
    """
    begun = time.time()
    yield
    try:
        _note(stage, begun)
    except OSError as error:
        say(f"note: {paths.COSTS} is not written, {error.strerror}; the stage itself is done")


def _note(stage: str, begun: float) -> None:
    outputs = dvc_yaml.outputs(described(stage)[0])
    settings = params.load()
    work = work_of(stage, settings, images())
    workers = workers_of(stage, settings)
    plan = plans().get(stage, {})
    fits = plan.get("work") == work and plan.get("workers", "1") == workers
    written = sum(file.stat().st_size for out in outputs for file in files_of(Path(out)))
    cost = Cost(
        stage,
        settings.dataset.name,
        work,
        startup_seconds=round(begun - psutil.Process().create_time(), 2),
        work_seconds=round(time.time() - begun, 2),
        peak_mib=round(peak_mib() + (0 if workers == "1" else largest_child_mib()), 1),
        disk_mib=round(written / 2**20, 3),
        planned_seconds=plan["seconds"] if fits else None,
        workers=workers,
    )
    if cost.planned_seconds:
        say(f"{stage}: planned {cost.planned_seconds:,.0f} s, took {cost.seconds:,.0f} s")
    append([cost])
    if fits:
        write_json(paths.PLAN, {name: it for name, it in plans().items() if name != stage})


def work_of(stage: str, settings: Params, image_counts: dict[str, int]) -> float:
    """Return a stage's work: the images it processes, or 1 if its time does not depend on them."""
    train, test = image_counts.get("train", 1), image_counts.get("test", 1)
    match stage.partition("@")[0]:
        case "tune":
            return settings.tune.trials * settings.tune.epochs * train
        case "confirm" if settings.select.confirm is not None:
            confirm = settings.select.confirm
            return confirm.top * confirm.seeds * settings.tune.epochs * train
        case "train":
            return len(settings.train.seeds) * settings.train.epochs * train
        case "evaluate":
            return len(settings.train.seeds) * test
        case "split":
            return train + test
    return 1


def workers_of(stage: str, settings: Params) -> str:
    """Return the number of models that a stage may train at a time, as text, or "cluster".

    The value of CONVOY_WORKERS is not checked here, because the stage itself reports one that is
    not allowed.
    """
    tune, train, confirm = settings.tune, settings.train, settings.select.confirm
    match stage.partition("@")[0]:
        case "tune":
            threads, epochs = tune.threads, tune.trials * tune.epochs
        case "confirm" if confirm is not None:
            threads, epochs = tune.threads, confirm.top * confirm.seeds * tune.epochs
        case "train":
            threads, epochs = train.threads, len(train.seeds) * train.epochs
        case _:
            return "1"
    if environment.scheduler():
        return "cluster"
    return os.environ.get(environment.WORKERS) or str(environment.usual_workers(threads, epochs))


def data_report() -> dict[str, Any]:
    """Read `split`'s report on this workspace's data; empty if there is none."""
    return _read(paths.DATA_REPORT)


def images() -> dict[str, int]:
    """Read the number of images in each split of this workspace; empty if unknown."""
    report = data_report()
    with suppress(KeyError, TypeError):
        return {name: report[name]["images"] for name in ("train", "validation", "test")}
    return {}


def earlier() -> list[Cost]:
    """Read all recorded costs, oldest first."""
    if not paths.COSTS.exists():
        return []
    known = {field.name for field in fields(Cost)}  # other versions may have written other fields
    found = []
    for text in paths.COSTS.read_text(encoding="utf-8", errors="replace").splitlines():
        # A full disk or a kill leaves half a line, which must not make a run fail.
        with suppress(ValueError, TypeError):
            line = dict(json.loads(text))
            found.append(Cost(**{key: line[key] for key in known & line.keys()}))
    return found


def _read(path: Path) -> dict[str, Any]:
    """Read a JSON object; empty if it cannot be read, for example during a git conflict.

    A stage whose work is done must not fail because of its cost record.
    """
    try:
        content = read_json(path)
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def append(costs: Iterable[Cost]) -> None:
    """Append costs to the earlier ones; the last of these may be half a line."""
    paths.COSTS.parent.mkdir(parents=True, exist_ok=True)
    before = paths.COSTS.read_bytes() if paths.COSTS.exists() else b""
    with paths.COSTS.open("a", encoding="utf-8") as stream:
        if before and not before.endswith(b"\n"):
            stream.write("\n")
        stream.writelines(json.dumps(asdict(cost)) + "\n" for cost in costs)


def plans() -> dict[str, dict[str, Any]]:
    """Read the plans of stages that have not run since: seconds, work and workers by stage."""
    return _read(paths.PLAN)


def accuracy() -> str:
    """Write in one sentence how accurate the plans so far were; empty if there were too few."""
    ratios = sorted(c.seconds / c.planned_seconds for c in earlier() if c.planned_seconds)
    if len(ratios) < LEAST_PLANS:
        return ""
    return (
        f"Earlier plans on this machine: {len(ratios)} stages took {ratios[0]:.1f} to "
        f"{ratios[-1]:.1f} times what was planned, half of them less than "
        f"{ratios[len(ratios) // 2]:.1f}."
    )


def peak_mib() -> float:
    """Return the largest resident memory of this process so far, in MiB."""
    return _mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def largest_child_mib() -> float:
    """Return the largest resident memory of any child process that has ended, in MiB."""
    return _mib(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def _mib(peak: int) -> float:
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
