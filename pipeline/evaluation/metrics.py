"""results/metrics.json: a few values that DVC shows, and lists with all of them for programs.

Each value of a metrics file is a column of `dvc exp show`, in the file's order and before the
parameters; lists are none. So the file begins with what people compare, and the rest is in lists.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.base import paths
from pipeline.base.files import FileError, read_json, remedy
from pipeline.evaluation.predictions import NAMES
from pipeline.evaluation.shapes import Metrics
from pipeline.statistics.words import LEVEL

# DVC's tables have few columns, and one test image of 10,000 is the fourth decimal.
DECIMALS = 4
# What readers know the yardsticks by (`pipeline/evaluation/yardsticks.py`).
YARDSTICKS = {"hog_svm": "HOG + SVM", "largest_class": "majority"}


def to_json(
    dataset: str,
    test_images: int,
    models: Mapping[str, Mapping[str, Any]],
    search: Mapping[str, Any],
    yardsticks: Mapping[str, Mapping[str, Any]],
    behind: Sequence[str],
    separated: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the content of the file.

    Args:
        dataset: The name of the data set.
        test_images: Their number.
        models: The scores of "tuned" and "baseline", and of "untuned" if it was trained.
        search: The comparison of the two, with its "verdict".
        yardsticks: The scores of what takes seconds, by name.
        behind: The yardsticks that are better than the tuned models.
        separated: What came from the architecture and what from the search (`parts`).
    """
    tuned, baseline = (models[name] for name in NAMES)
    return {
        "accuracy": round(tuned["accuracy"], DECIMALS),
        "baseline_accuracy": round(baseline["accuracy"], DECIMALS),
        "verdict": search["verdict"],
        "parameters": tuned["parameters"],
        "test_images": test_images,
        "dataset": [dataset],
        "models": [{"model": name, **scores} for name, scores in models.items()],
        "tuned_against_baseline": [dict(search)],
        "separated": [dict(part) for part in separated],
        "yardsticks": [{"yardstick": name, **scores} for name, scores in yardsticks.items()],
        "behind_yardsticks": list(behind),
    }


def from_json(content: dict[str, Any]) -> dict[str, Any]:
    """Return a file's content by name: the models beside "yardsticks" and the rest.

    That is how older versions wrote the file; such content is returned as it is.
    """
    if "models" not in content:
        return content
    return {
        "dataset": content["dataset"][0],
        "test_images": content["test_images"],
        **_by(content["models"], "model"),
        "tuned_against_baseline": content["tuned_against_baseline"][0],
        "separated": content.get("separated", []),
        "yardsticks": _by(content["yardsticks"], "yardstick"),
        "behind_yardsticks": content["behind_yardsticks"],
    }


def beside_yardsticks(metrics: Mapping[str, Any]) -> str:
    """Write how the tuned models stand beside yardsticks that are better; empty if none is.

    The tuned models are behind in the mean of their seeds, but the yardsticks' p-values are those
    of the released model: they count only where that one is behind, too.

    Args:
        metrics: results/metrics.json by name, of any version.
    """
    listed, scored = metrics.get("behind_yardsticks") or [], metrics.get("yardsticks") or {}
    names = [name for name in YARDSTICKS if name in listed and name in scored]
    if not names:
        return ""
    label = " and ".join(YARDSTICKS[name] for name in names)
    released = metrics["tuned"]["accuracy"]
    behind = [scored[name] for name in names if released < scored[name]["accuracy"]]
    no_better = f"No better than {label}, which takes seconds"
    if not behind:
        return f"{no_better}: the released model is not behind, the mean of all seeds is."
    p_value = min(row.get("mcnemar_p", 0.0) for row in behind)
    if p_value < LEVEL:
        return f"Not worth its training: the tuned models are behind {label}, which takes seconds."
    return f"{no_better}: on these test images the difference may be chance (p = {p_value:.2g})."


def read() -> dict[str, Any]:
    """Read the metrics of this workspace by name, as from `from_json`.

    Raises:
        FileError: the file is not as `evaluate` writes it.
    """
    found = from_json(read_json(paths.METRICS, Metrics))
    if missing := lacking(found):
        raise FileError(f"{paths.METRICS}: no {missing}. {remedy(paths.METRICS)}")
    return found


def lacking(found: Mapping[str, Any]) -> str:
    """Return a model or yardstick that a file of the right shape lacks all the same, or nothing."""
    models = [name for name in NAMES if name not in found]
    yardsticks = [name for name in found["behind_yardsticks"] if name not in found["yardsticks"]]
    return next(
        (
            f"{kind} {names[0]!r}"
            for kind, names in (("model", models), ("yardstick", yardsticks))
            if names
        ),
        "",
    )


def _by(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: {name: row[name] for name in row if name != key} for row in rows}
