"""What the summary should warn of: signs that a search or a training has taught little."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any

from pipeline.base import paths
from pipeline.base.files import read_json
from pipeline.config.shapes import LeftOut, Validated
from pipeline.evaluation import curves as curves_file
from pipeline.evaluation import metrics as metrics_file
from pipeline.search.optimism import resolution
from pipeline.search.selection import Candidate, read_candidates

# More than this many points of standard error, and the choice among trials is mostly chance.
LARGE_ERROR = 0.02
# A training is still improving if its last quarter has brought more than this many such errors.
IMPROVING_ERRORS = 2.0


def notes() -> list[str]:
    """Return the warnings that the results of this workspace call for, one line each."""
    # Of architectures that are listed no more, the folder still holds what their search found.
    candidates = read_candidates(sorted(read_json(paths.SETTINGS, LeftOut)["left_out"]))
    if not candidates:
        return []
    data, metrics = read_json(paths.DATA_REPORT, Validated), metrics_file.read()
    curves = curves_file.read(paths.LEARNING_CURVES / "tuned.csv")
    error = max(candidates, key=lambda c: c.val_accuracy).standard_error
    found = (
        _nothing_learnt(candidates, data["validation"]["per_class"]),
        _alike(candidates),
        _perfect_at_once(candidates),
        resolution(candidates),
        _small_validation(error, data["validation"]["images"]),
        _still_improving(curves, error),
        _same_model(metrics),
        _no_better_than_guessing(metrics),
    )
    return [line for line in found if line]


def _nothing_learnt(
    candidates: Sequence[Candidate], per_class: Sequence[tuple[str, int]]
) -> str | None:
    """Warn if no trial is better than always answering with the largest class."""
    counts = [count for _, count in per_class]
    share = max(counts) / sum(counts)
    best = max(candidate.val_accuracy for candidate in candidates)
    if best > share:
        return None
    return (
        f"Nothing learnt: the best trial has {best:.1%} on the validation images, and the largest "
        f"class alone is {share:.1%} of them. Train longer (tune.epochs) or look at the labels."
    )


def _alike(candidates: Sequence[Candidate]) -> str | None:
    """Warn if different hyperparameters have the same score and loss to the last digit."""

    def scores(candidate: Candidate) -> tuple[str, float, float]:
        return candidate.architecture, candidate.val_accuracy, candidate.val_loss

    for (architecture, accuracy, _), group in groupby(sorted(candidates, key=scores), scores):
        trials = [candidate.trial for candidate in group]
        if len(trials) > 1:
            return (
                f"{architecture}: trials {', '.join(map(str, trials))} have other hyperparameters "
                f"and the same scores to the last digit ({accuracy:.4f}): do these have any effect?"
            )
    return None


def _perfect_at_once(candidates: Sequence[Candidate]) -> str | None:
    """Warn if a recipe, the first trial of its search, makes no mistake in validation."""
    names = [c.architecture for c in candidates if c.trial == 1 and c.val_accuracy == 1]
    if not names:
        return None
    return (
        f"The first trial of {' and of '.join(names)} has every validation image right. Where that "
        "is too good to be true, look for copies across the splits (results/data.json) and for "
        "what gives the classes away, such as a frame or a background."
    )


def _small_validation(error: float, images: int) -> str | None:
    if error <= LARGE_ERROR:
        return None
    return (
        f"{images} validation images are few: the standard error of the best trial is "
        f"{error:.1%}, so which trial is best is partly chance."
    )


def _still_improving(curves: Sequence[Mapping[str, str]], error: float) -> str | None:
    """Warn if the last quarter of the training still brought more than chance does."""
    epochs = max(int(row["epoch"]) for row in curves)
    # With train.patience a seed may have ended earlier: it has shown that it improves no more.
    last = {row["seed"] for row in curves if int(row["epoch"]) == epochs}
    curves = [row for row in curves if row["seed"] in last]
    start = max(1, epochs - epochs // 4)
    now, then = (_mean(curves, epoch) for epoch in (epochs, start))
    if epochs < 4 or now - then <= IMPROVING_ERRORS * error:
        return None
    return (
        f"The tuned models were still improving when training ended (validation accuracy "
        f"{then:.4f} after epoch {start}, {now:.4f} after epoch {epochs}): raise train.epochs."
    )


def _mean(curves: Sequence[Mapping[str, str]], epoch: int) -> float:
    return fmean(float(row["val_accuracy"]) for row in curves if int(row["epoch"]) == epoch)


def _no_better_than_guessing(metrics: Mapping[str, Any]) -> str | None:
    """Warn if the test images do not show that the released model beats the largest class."""
    guessing = metrics["yardsticks"].get("largest_class")
    tuned = metrics["tuned"]
    if guessing is None or tuned["accuracy_interval"][0] > guessing["accuracy"]:
        return None
    return (
        f"Tuned is not shown to be better than guessing: {tuned['accuracy']:.1%} of the test "
        f"images are right, and {guessing['accuracy']:.1%} would be if every answer were the "
        "largest class. Look at the labels, or train longer (train.epochs)."
    )


def _same_model(metrics: Mapping[str, Any]) -> str | None:
    search = metrics["tuned_against_baseline"]
    # Of the calibration, only tuned has the temperature.
    tuned, baseline = (
        {name: score for name, score in metrics[model].items() if name != "calibration"}
        for model in ("tuned", "baseline")
    )
    same = tuned == baseline and not search["fixed"] + search["broken"]
    return (
        "Tuned and baseline are the same model: the search found nothing better than the recipe."
        if same
        else None
    )
