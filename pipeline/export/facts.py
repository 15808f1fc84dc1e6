"""The facts of a model card, from the results in this workspace."""

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from pipeline.base import git, paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_csv
from pipeline.evaluation.metrics import YARDSTICKS, beside_yardsticks
from pipeline.report import snapshots
from pipeline.report.results import Results
from pipeline.statistics.by_image import LABELS
from pipeline.training.trained import TrainedModels

# Those that decide the numbers, as far as they are installed.
PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "numpy", "keras-tuner", "dvc")
# A class with fewer test images than this has a wide interval, and is named among the limits.
FEW_TEST_IMAGES = 30


def gather(name: str, index: TrainedModels) -> dict[str, Any]:
    """Return all that the template of the card shows, but what is particular to one export.

    Args:
        name: "tuned" or "baseline".
        index: The index of its models.

    Raises:
        ConvoyError: there are no results, or they are of another model.
    """
    results = Results(snapshots.workspace())
    if not results.metrics or results.missing:
        raise ConvoyError(f"{paths.METRICS}: no results to write a model card of. Run `dvc repro`.")
    scores, data = results.metrics[name], results.data
    if scores["architecture"] != index.architecture:
        raise ConvoyError(
            f"{paths.METRICS} judges {scores['architecture']}, and {paths.MODELS / name} holds "
            f"{index.architecture}. Run `dvc repro`, or `dvc checkout`."
        )
    specification = results.specification(name)
    return {
        "name": name,
        "index": index,
        "scores": scores,
        "dataset": results.metrics["dataset"],
        "data": data,
        "settings": results.settings,
        "hyperparameters": {k: v for k, v in specification.items() if k != "architecture"},
        "why": _why(name, results, specification),
        "search": results.searches(),
        "against": results.metrics["tuned_against_baseline"],
        "metric": LABELS[results.metrics["tuned_against_baseline"]["metric"]],
        "yardstick_names": YARDSTICKS,
        "yardsticks": results.metrics.get("yardsticks", {}),
        "classes": [row for row in read_csv(paths.CLASSES) if row["model"] == name],
        "confused": _confused(name, index.classes),
        "weights": index.weights,
        "limits": _limits(results, index),
        "versions": _versions(),
        "commit": _commit(),
    }


def _why(name: str, results: Results, specification: Mapping[str, Any]) -> str:
    if name == "baseline":
        return "It is the fixed recipe that the search is measured by; no search took part."
    rows = results.csv(f"{paths.SELECT.as_posix()}/candidates.csv")
    of = [row for row in rows if row["architecture"] == specification["architecture"]]
    reasons = [row["chosen_because"] for row in of if row["chosen_because"]]
    return f"Among {len(rows)} candidates it is {reasons[0]}." if reasons else ""


def _confused(name: str, classes: Sequence[str], most: int = 5) -> list[tuple[str, str, int]]:
    """Return the most frequent confusions on the test images: actual, predicted, how often."""
    pairs = [
        (row["class"], other, int(row[f"predicted {other}"]))
        for row in read_csv(paths.CLASSES)
        if row["model"] == name
        for other in classes
        if other != row["class"]
    ]
    return [pair for pair in sorted(pairs, key=lambda pair: -pair[2])[:most] if pair[2]]


def _limits(results: Results, index: TrainedModels) -> list[str]:
    """Return what limits the scores or the use of the model, one sentence each."""
    data, metrics = results.data, results.metrics
    per_class = [(name, count) for name, count in data["test"]["per_class"]]
    unseen = [name for name, count in per_class if not count]
    few = [name for name, count in per_class if 0 < count < FEW_TEST_IMAGES]
    trained = [count for _, count in data["train"]["per_class"]]
    near = data["duplicates"].get("near_test_in_train", 0)
    same = data["duplicates"].get("exact_test_in_train", 0)
    found = [
        "It knows the classes above and no others: whatever a picture shows, the answer is one of "
        "them.",
        f"Its input is {' × '.join(map(str, results.data['test']['shape'].split('×')))} pixels "
        "(height × width × channels); detail that is lost at this size is not seen.",
        "It was judged on images from the same source as those it was trained on. On pictures from "
        "another camera, scanner or hand expect less.",
    ]
    if unseen:
        found.append(f"There were no test images of {', '.join(unseen)}.")
    if few:
        found.append(
            f"{len(few)} of {len(per_class)} classes have fewer than {FEW_TEST_IMAGES} test "
            "images, so their own scores are rough."
        )
    if max(trained) > 3 * max(1, min(trained)):
        found.append(
            f"The classes are uneven: {min(trained):,} to {max(trained):,} training images each."
        )
    if same + near:
        found.append(
            f"{same} test images are also training images, and {near} resemble one closely; the "
            "scores include them."
        )
    if behind := beside_yardsticks(metrics):
        found.append(behind)
    return found


def _versions() -> dict[str, str]:
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {"python": platform.python_version(), **installed}


def _commit() -> str:
    """Return the commit of this workspace; "-dirty" means that files differ from it."""
    described = git.answer("describe", "--always", "--dirty", "--abbrev=12", "--exclude", "*")
    return described or "none (no git repository)"
