"""How much a stage has to do, and on how many workers: what its cost on this machine depends on."""

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.base import paths
from pipeline.base.files import FileError, read_json
from pipeline.config import environment, params
from pipeline.config.params import Params


@dataclass(frozen=True)
class Size:
    """How much a stage has to do.

    Attributes:
        models: Models that it trains or judges; 0 if its time depends on neither models nor images.
        passes: Images that it processes, each as often as it is processed.
    """

    models: float = 0
    passes: float = 0


def size_of(
    stage: str,
    settings: Params,
    counts: Mapping[str, int],
    own_epochs: Collection[str] = ("tune", "train"),
) -> Size:
    """Return how much a stage has to do with so many images.

    Args:
        stage: Its name in dvc.yaml.
        settings: The parameters that it runs with.
        counts: The number of images in each split.
        own_epochs: The sections of params.yaml whose `epochs` is `auto`, so that an architecture
            may have epochs of its own.
    """

    def passes(architecture: str, section: Literal["tune", "train"]) -> int:
        usual = (settings.tune if section == "tune" else settings.train).epochs
        own = params.epochs_of(architecture, section, usual) if section in own_epochs else usual
        return own * train

    train, test = counts.get("train", 1), counts.get("test", 1)
    name, _, item = stage.partition("@")
    match name:
        case "split":
            return Size(1, train + test)
        case "evaluate":
            return Size(len(settings.train.seeds), len(settings.train.seeds) * test)
        case "tune":
            models = settings.tune.trials
            return Size(models, models * passes(item, "tune"))
        case "confirm" if settings.select.confirm is not None:
            models = settings.select.confirm.top * settings.select.confirm.seeds
            return Size(models, models * passes(chosen("tuned"), "tune"))
        case "train":
            models = len(settings.train.seeds)
            return Size(models, models * passes(chosen(item), "train"))
        case "untuned" if _read(paths.SELECT / "untuned.json").get("train"):
            models = len(settings.train.seeds)
            return Size(models, models * passes(chosen("untuned"), "train"))
    return Size()


def chosen(name: str) -> str:
    """Return the architecture that is trained under this name, as was last chosen."""
    return str(_read(paths.SELECT / f"{name}.json").get("architecture", ""))


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
        case "train" | "untuned":
            threads, epochs = train.threads, len(train.seeds) * train.epochs
        case _:
            return "1"
    if environment.scheduler():
        return "cluster"
    return os.environ.get(environment.WORKERS) or str(environment.usual_workers(threads, epochs))


def images(dataset: str) -> dict[str, int]:
    """Read the number of images in each split of a data set; empty if another one is here."""
    report = _read(paths.DATA_REPORT)
    with suppress(KeyError, TypeError):
        counts = {name: report[name]["images"] for name in ("train", "validation", "test")}
        if report["dataset"] == dataset and min(counts.values()) > 0:
            return counts
    return {}


def _read(path: Path) -> dict[str, Any]:
    """Read a JSON object; empty if it cannot be read, for example during a git conflict.

    A stage whose work is done must not fail because of its cost record.
    """
    try:
        content = read_json(path)
    except FileError:
        return {}
    return content if isinstance(content, dict) else {}
