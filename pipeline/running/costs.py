"""The record of each stage's cost on this machine: seconds, memory, disk.

It is written after each stage that DVC runs, and `python -m pipeline plan` reads it. It is kept in
`.state/` of the original repository, untracked; deleting it changes no result.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import psutil
from annotated_types import Ge

from pipeline.base import paths
from pipeline.base.files import files_of
from pipeline.base.parsing import ContentError, json_of
from pipeline.config import dvc_yaml
from pipeline.config.params import Params
from pipeline.running import amounts
from pipeline.running.guard import described
from pipeline.running.terminal import say

Amount = Annotated[float, Ge(0)]


@dataclass(frozen=True)
class Cost:
    """The cost of one run of a stage.

    Attributes:
        stage: Its name in dvc.yaml, such as tune@mlp.
        dataset: `dataset.name` of the run.
        images: The number of images in each split; empty if it was not known yet.
        models: As in `amounts.Size`, without the trainings that were in the store.
        passes: As in `Size`, likewise.
        startup_seconds: Time from the start of the process to the start of the work.
        work_seconds: Time of the work itself.
        peak_mib: Largest resident memory of the process, in MiB. If worker processes ran the
            trials, the largest worker's is added once, however many ran at a time.
        disk_mib: Size of the stage's outputs, in MiB.
        workers: The number of models trained at a time, as from `amounts.workers_of`.
    """

    stage: str
    dataset: str
    images: Mapping[str, int]
    models: Amount
    passes: Amount
    startup_seconds: Amount
    work_seconds: Amount
    peak_mib: Amount
    disk_mib: Amount
    workers: str = "1"


@contextmanager
def recorded(stage: str, settings: Params, starter: psutil.Process | None) -> Iterator[None]:
    """Measure the block, a stage's work, and append its cost if it ends without an error.

    Args:
        stage: Its name in dvc.yaml.
        settings: The parameters that it runs with.
        starter: The run of DVC.
    """
    begun = time.time()
    run_began = starter.create_time() if starter else begun
    yield
    try:
        _note(stage, settings, begun, run_began)
    except OSError as error:
        say(f"note: {paths.COSTS} is not written, {error.strerror}; the stage itself is done")


def _note(stage: str, settings: Params, begun: float, run_began: float) -> None:
    outputs = dvc_yaml.outputs(described(stage)[0])
    counts = amounts.images(settings.dataset.name)
    size = amounts.size_of(stage, settings, counts)
    workers = amounts.workers_of(stage, settings)
    share, seconds = 1.0, time.time() - begun
    if _trains(stage) and size.models:
        # What was in the store before took no time.
        recent = _trainings(begun if stage == "confirm" else run_began)
        own = [each for each in recent if _is_of(each, stage)]
        share = min(1.0, len(own) / size.models)
        if len(own) != sum(each["ended"] >= begun for each in recent):
            # Some were computed beside another stage's, or beside these some of another one.
            seconds = _seconds_of(own, recent)
    written = sum(file.stat().st_size for out in outputs for file in files_of(Path(out)))
    cost = Cost(
        stage,
        settings.dataset.name,
        counts,
        size.models * share,
        size.passes * share,
        startup_seconds=round(begun - psutil.Process().create_time(), 2),
        work_seconds=round(seconds, 2),
        peak_mib=round(peak_mib() + (0 if workers == "1" else largest_child_mib()), 1),
        disk_mib=round(written / 2**20, 3),
        workers=workers,
    )
    _append(json.dumps(asdict(cost)))


def _trains(stage: str) -> bool:
    return stage.partition("@")[0] in ("tune", "confirm", "train", "untuned")


def _trainings(since: float) -> list[dict[str, Any]]:
    """Read the trainings that the store has taken since a time, as `pipeline.store.entry` has them.

    That room is not imported, because it needs this one.
    """
    file, found = paths.STORE / "entries.jsonl", []
    for line in file.read_bytes().splitlines() if file.exists() else []:
        # A damaged line, of which the store tells.
        with suppress(ContentError, KeyError, TypeError):
            entry = json_of(line, dict[str, Any])["entry"]
            if entry["ended"] >= since:
                found.append(entry)
    return found


def _is_of(training: Mapping[str, Any], stage: str) -> bool:
    """Return whether a training may be one of a stage's."""
    name, _, item = stage.partition("@")
    kind, architecture = training["kind"], training["architecture"]
    if name in ("tune", "confirm"):
        return kind == "trial" and (name == "confirm" or architecture == item)
    return kind == "seed" and architecture == amounts.chosen(item or name)


def _seconds_of(own: Sequence[Mapping[str, Any]], recent: Sequence[Mapping[str, Any]]) -> float:
    """Return a stage's share of the wall seconds in which trainings of its kind were computed."""
    if not own:
        return 0.0
    alike = [each for each in recent if each["kind"] == own[0]["kind"]]
    span = max(e["ended"] for e in alike) - min(e["ended"] - e["seconds"] for e in alike)
    return span * sum(e["seconds"] for e in own) / sum(e["seconds"] for e in alike)


def earlier() -> list[Cost]:
    """Read all recorded costs, oldest first."""
    if not paths.COSTS.exists():
        return []
    found = []
    for line in paths.COSTS.read_bytes().splitlines():
        # A full disk or a kill leaves half a line, and an older version lines with less in them.
        with suppress(ContentError):
            found.append(json_of(line, Cost))
    return found


def _append(line: str) -> None:
    """Append a line; the last line before it may be half a one."""
    paths.COSTS.parent.mkdir(parents=True, exist_ok=True)
    before = paths.COSTS.read_bytes() if paths.COSTS.exists() else b""
    with paths.COSTS.open("a", encoding="utf-8") as stream:
        if before and not before.endswith(b"\n"):
            stream.write("\n")
        stream.write(f"{line}\n")


def peak_mib() -> float:
    """Return the largest resident memory of this process so far, in MiB."""
    return _mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def largest_child_mib() -> float:
    """Return the largest resident memory of any child process that has ended, in MiB."""
    return _mib(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def _mib(peak: int) -> float:
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
