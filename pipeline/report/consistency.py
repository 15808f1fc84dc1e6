"""The check that the files of one revision's results tell the same story.

Every score follows from the table of predictions, so whoever edits one file must edit all. This
cannot show that a model has made these predictions; `python -m pipeline verify` can.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pipeline.base import paths
from pipeline.evaluation.comparison import Judged, fixed_and_broken
from pipeline.evaluation.predictions import NAMES
from pipeline.report.results import Results

# The table has four decimals of each image's loss, metrics.json some scores with as many.
ROUNDED = 1e-4


def contradictions(results: Results) -> list[str]:
    """List where metrics.json or classes.csv is not what the predictions give, one line each."""
    if results.missing:
        return []
    judged = {name: results.judged(name)[0] for name in NAMES}
    return [
        *(f"{paths.METRICS}: {line}" for line in _metrics(results.metrics, judged)),
        *(f"{paths.CLASSES}: {line}" for name in NAMES for line in _classes(results, name)),
    ]


def _metrics(metrics: Mapping[str, Any], judged: Mapping[str, Judged]) -> Iterator[str]:
    tuned = judged["tuned"]
    found: dict[str, tuple[Any, float]] = {
        "test_images": (metrics.get("test_images"), len(tuned.actual))
    }
    search = metrics.get("tuned_against_baseline")
    if isinstance(search, Mapping):
        fixed, broken = fixed_and_broken(judged["baseline"], tuned)
        found["fixed"] = search.get("fixed"), len(fixed)
        found["broken"] = search.get("broken"), len(broken)
    for name, one in judged.items():
        scores = metrics.get(name)
        if not isinstance(scores, Mapping):
            continue
        found[f"{name}: accuracy"] = scores.get("accuracy"), float(one.correct.mean())
        found[f"{name}: loss"] = scores.get("loss"), float(one.loss.mean())
        by_seed = float((one.seeds == one.actual).mean())
        found[f"{name}: accuracy_mean_of_seeds"] = scores.get("accuracy_mean_of_seeds"), by_seed
    for key, (written, computed) in found.items():
        # What an older version did not write is not missed.
        if written is None or (_is_number(written) and abs(written - computed) <= ROUNDED):
            continue
        shown = f"{written:.6g}" if _is_number(written) else "no number"
        yield f"{key} is {shown}, but the predictions give {computed:.6g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _classes(results: Results, name: str) -> Iterator[str]:
    """Compare one model's rows of the confusion matrix; at most one line."""
    judged, _ = results.judged(name)
    count = len(results.classes)
    matrix = np.zeros((count, count), np.int64)
    np.add.at(matrix, (judged.actual, judged.released), 1)
    rows = [row for row in results.csv(paths.CLASSES.as_posix()) if row.get("model") == name]
    columns = [f"predicted {label}" for label in results.classes]
    if not rows or any(column not in rows[0] for column in columns):
        return  # as older versions wrote it
    for label, row, counts in zip(results.classes, rows, matrix.tolist(), strict=False):
        if [row[column] for column in columns] != [str(number) for number in counts]:
            yield f"{name}, class {label}: other counts than the predictions give"
            return
    if len(rows) != count:
        yield f"{name}: {len(rows)} rows for {count} classes"
