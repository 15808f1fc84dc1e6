"""What running a stage cost on this machine: seconds, memory, disk. A cache of experience.

Written after each stage that DVC runs, read by `python -m pipeline plan`. It lives in `.state/` of
the original repository, untracked: deleting it changes no result.
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
from pipeline.config import dvc_yaml, params
from pipeline.config.params import Params
from pipeline.running.guard import described
from pipeline.running.terminal import say


@dataclass(frozen=True)
class Cost:
    """What one run of a stage took.

    Attributes:
        stage: Its name in dvc.yaml, such as tune@mlp.
        dataset: `dataset.name` of the run.
        work: Amount of work, in the stage's own unit (see `work_of`).
        startup_seconds: From the start of the process to the start of the work.
        work_seconds: The work itself.
        peak_mib: Largest resident memory of the process, in MiB; where workers ran the trials,
            with that of the largest of them added. Several at once take as many times that.
        disk_mib: What the stage wrote, in MiB; None in records of older versions.
        planned_seconds: What `plan` had last said of this work; None if it had not.
        probe: Whether the stage itself never ran, and this is scaled up from a few images.
        workers: How many trials ran at a time, as `workers_of` says it.
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
        """Seconds in all."""
        return self.startup_seconds + self.work_seconds


@contextmanager
def recorded(stage: str) -> Iterator[None]:
    """Measure the block, a stage's work, and append its cost if it ends without an error.

    If `plan` had said what this work would take, say what it took; the plan has then served.
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
    workers = workers_of(stage)
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
    """Count a stage's work: images seen, for the stages whose time depends on that; else 1."""
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


def workers_of(stage: str) -> str:
    """Say how many models a stage trains at a time here: a number as text, or "cluster".

    What is not allowed is an error of the stage; here it only has to be written down.
    """
    kind = stage.partition("@")[0]
    if kind in ("tune", "confirm") and os.environ.get("CONVOY_SCHEDULER"):
        return "cluster"
    return os.environ.get("CONVOY_WORKERS", "1") if kind in ("tune", "confirm", "train") else "1"


def data_report() -> dict[str, Any]:
    """Read what `split` said of this workspace's data; empty if that is not known."""
    return _read(paths.DATA_REPORT)


def images() -> dict[str, int]:
    """Read how many images each split of this workspace has; empty if that is not known."""
    report = data_report()
    with suppress(KeyError, TypeError):
        return {name: report[name]["images"] for name in ("train", "validation", "test")}
    return {}


def earlier() -> list[Cost]:
    """Read all recorded costs, oldest first."""
    if not paths.COSTS.exists():
        return []
    known = {field.name for field in fields(Cost)}  # another version may have written more
    found = []
    for text in paths.COSTS.read_text(encoding="utf-8", errors="replace").splitlines():
        # A full disk or a kill leaves half a line, and no run may fail for that.
        with suppress(ValueError, TypeError):
            line = dict(json.loads(text))
            found.append(Cost(**{key: line[key] for key in known & line.keys()}))
    return found


def _read(path: Path) -> dict[str, Any]:
    """Read a JSON object; empty if it cannot be read, as between the marks of a git conflict.

    What is only counted here must not fail a stage whose work is done.
    """
    try:
        content = read_json(path)
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def append(costs: Iterable[Cost]) -> None:
    """Write costs down behind the earlier ones, of which the last may be half a line."""
    paths.COSTS.parent.mkdir(parents=True, exist_ok=True)
    before = paths.COSTS.read_bytes() if paths.COSTS.exists() else b""
    with paths.COSTS.open("a", encoding="utf-8") as stream:
        if before and not before.endswith(b"\n"):
            stream.write("\n")
        stream.writelines(json.dumps(asdict(cost)) + "\n" for cost in costs)


def plans() -> dict[str, dict[str, Any]]:
    """Read what `plan` last said of what has not run since: seconds, work, workers, by stage."""
    return _read(paths.PLAN)


def accuracy() -> str:
    """Say how good the plans were of which something has run since; empty if none were made."""
    ratios = sorted(c.seconds / c.planned_seconds for c in earlier() if c.planned_seconds)
    if not ratios:
        return ""
    return (
        f"Plans so far: of {len(ratios)} stages the middle one took "
        f"{ratios[len(ratios) // 2]:.2f}× the time planned "
        f"(range {ratios[0]:.2f}× to {ratios[-1]:.2f}×)."
    )


def peak_mib() -> float:
    """Give the largest resident memory of this process so far, in MiB."""
    return _mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def largest_child_mib() -> float:
    """Give the largest resident memory of any process that this one started and that has ended."""
    return _mib(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def _mib(peak: int) -> float:
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
