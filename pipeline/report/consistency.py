"""The check that the files of one revision's results tell the same story.

Every score follows from the table of predictions, so whoever edits one file must edit all. This
cannot show that a model has made these predictions; `python -m pipeline verify` can. What the
lines of the table themselves contradict is found too: a probability and a loss that are not of one
answer, a released model that is none of the seeds'.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pipeline.base import code_digest, paths
from pipeline.evaluation.comparison import Judged, fixed_and_broken, verdict
from pipeline.evaluation.predictions import NAMES
from pipeline.report.deciding import judged_by
from pipeline.report.results import Results
from pipeline.statistics.scores import confusion, macro_f1

# The table has four decimals of each image's loss, metrics.json some scores with as many.
ROUNDED = 1e-4
# Probabilities have three significant digits.
ROUNDED_PROBABILITY = 2e-3


def contradictions(results: Results) -> list[str]:
    """List where metrics.json or classes.csv is not what the predictions give, one line each."""
    if results.missing:
        return []
    judged = {name: results.judged(name)[0] for name in NAMES}
    return [
        *(f"{paths.PREDICTIONS}: {line}" for name in NAMES for line in _table(results, name)),
        *(f"{paths.METRICS}: {line}" for line in _shown(results, judged)),
        *(f"{paths.METRICS}: {line}" for line in _metrics(results.metrics, judged)),
        *(f"{paths.CLASSES}: {line}" for name in NAMES for line in _classes(results, name)),
    ]


def _table(results: Results, name: str) -> Iterator[str]:
    """Compare the columns of one configuration with each other."""
    judged, probability = results.judged(name)
    if not (judged.seeds == judged.released).all(axis=1).any():
        yield f"{name}: the released model's classes are those of no seed"
    actual = np.exp(-judged.loss)  # the probability of the actual class
    apart = np.where(judged.correct, np.abs(actual - probability), actual - probability)
    if count := int((apart > ROUNDED_PROBABILITY).sum()):
        yield f"{name}: in {count:,} rows the loss is not that of the probability"


def _shown(results: Results, judged: Mapping[str, Judged]) -> Iterator[str]:
    """Compare the values that DVC's own tables show, and the verdict."""
    content = results.json(paths.METRICS.as_posix())
    if "models" not in content:
        return  # as older versions wrote it
    for key, name in (("accuracy", "tuned"), ("baseline_accuracy", "baseline")):
        accuracy = float(judged[name].correct.mean())
        yield from _unequal(key, content.get(key), accuracy)
    if not _by_this_code(results):
        return
    rule = judged_by(results)
    found = verdict(judged["baseline"], judged["tuned"], rule)
    # The table's losses are rounded, which may change a verdict by them.
    if found.metric != "log_loss":
        words = content.get("verdict"), results.metrics["tuned_against_baseline"].get("verdict")
        if words != (found.word, found.word):
            yield f"verdict is not what the predictions give, which is {found.word}"


def _by_this_code(results: Results) -> bool:
    """Return whether the code that judges here is the code that has judged there."""
    recorded = results.json(paths.code("evaluate").as_posix())
    return bool(recorded) and recorded == code_digest.entry(code_digest.loaded(), "evaluate")


def _unequal(key: str, written: Any, computed: float) -> Iterator[str]:
    # What an older version did not write is not missed.
    if written is None or (_is_number(written) and abs(written - computed) <= ROUNDED):
        return
    said = f"{written:.6g}" if _is_number(written) else "no number"
    yield f"{key} is {said}, but the predictions give {computed:.6g}"


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
        found[f"{name}: macro_f1"] = scores.get("macro_f1"), _macro_f1(one)
        found[f"{name}: loss"] = scores.get("loss"), float(one.loss.mean())
        by_seed = float((one.seeds == one.actual).mean())
        found[f"{name}: accuracy_mean_of_seeds"] = scores.get("accuracy_mean_of_seeds"), by_seed
    for key, (written, computed) in found.items():
        yield from _unequal(key, written, computed)


def _macro_f1(judged: Judged) -> float:
    labels = np.concatenate([judged.actual, judged.released])
    once = np.ones((1, len(judged.actual)), np.int64)
    return float(macro_f1(judged.actual, judged.released, once, labels.max() + 1)[0])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _classes(results: Results, name: str) -> Iterator[str]:
    """Compare one model's rows of the confusion matrix; at most one line."""
    judged, _ = results.judged(name)
    count = len(results.classes)
    matrix = confusion(judged.actual, judged.released, count)
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
