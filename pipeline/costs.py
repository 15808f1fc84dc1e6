"""What running a stage cost on this machine: seconds, memory, disk. A cache of experience.

Written after each stage that DVC runs, read by `python -m pipeline plan`. It lives in `.state/` of
the original repository, untracked: deleting it changes no result.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import psutil

from pipeline import params, paths
from pipeline.files import read_json
from pipeline.params import Params


@dataclass(frozen=True)
class Cost:
    """What one run of a stage took.

    Attributes:
        stage: Its name in dvc.yaml, such as tune@mlp.
        dataset: `dataset.name` of the run.
        work: Amount of work, in the stage's own unit (see `work_of`).
        startup_seconds: From the start of the process to the start of the work.
        work_seconds: The work itself.
        peak_mib: Largest resident memory of the process, in MiB.
        planned_seconds: What `plan` had last said for this stage; None if it had not.
    """

    stage: str
    dataset: str
    work: float
    startup_seconds: float
    work_seconds: float
    peak_mib: float
    planned_seconds: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds in all."""
        return self.startup_seconds + self.work_seconds


@contextmanager
def recorded(stage: str) -> Iterator[None]:
    """Measure the block, a stage's work, and append its cost if it ends without an error."""
    begun = time.time()
    yield
    settings = params.load()
    cost = Cost(
        stage,
        settings.dataset.name,
        work_of(stage, settings, images()),
        startup_seconds=round(begun - psutil.Process().create_time(), 2),
        work_seconds=round(time.time() - begun, 2),
        peak_mib=round(_peak_mib(), 1),
        planned_seconds=plans().get(stage),
    )
    _append(cost)


def work_of(stage: str, settings: Params, image_counts: dict[str, int]) -> float:
    """Count a stage's work: images seen, for the stages whose time depends on that; else 1."""
    train, test = image_counts.get("train", 1), image_counts.get("test", 1)
    match stage.partition("@")[0]:
        case "tune":
            return settings.tune.trials * settings.tune.epochs * train
        case "train":
            return len(settings.train.seeds) * settings.train.epochs * train
        case "evaluate":
            return len(settings.train.seeds) * test
        case "split":
            return train + test
    return 1


def images() -> dict[str, int]:
    """Read how many images each split of this workspace has; empty before the first split."""
    if not paths.DATA_REPORT.exists():
        return {}
    report = read_json(paths.DATA_REPORT)
    return {name: report[name]["images"] for name in ("train", "validation", "test")}


def earlier() -> list[Cost]:
    """Read all recorded costs, oldest first."""
    if not paths.COSTS.exists():
        return []
    lines = paths.COSTS.read_text(encoding="utf-8").splitlines()
    return [Cost(**json.loads(line)) for line in lines]


def plans() -> dict[str, float]:
    """Read what `plan` last said, in seconds by stage."""
    return read_json(paths.PLAN) if paths.PLAN.exists() else {}


def _append(cost: Cost) -> None:
    paths.COSTS.parent.mkdir(parents=True, exist_ok=True)
    with paths.COSTS.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(cost)) + "\n")


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
