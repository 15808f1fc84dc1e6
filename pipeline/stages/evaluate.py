"""Stage `evaluate`: judge both trained models on the test images, which nothing else opens."""

from typing import Any

import numpy as np

from pipeline.base import paths
from pipeline.base.files import write_csv, write_json
from pipeline.config.conditions import Conditions
from pipeline.config.params import Params
from pipeline.evaluation import (
    against_rest,
    curves,
    judging,
    metrics,
    parts,
    probabilities,
    scoring,
    yardsticks,
)
from pipeline.evaluation.predictions import NAMES
from pipeline.evaluation.probabilities import Seen
from pipeline.evaluation.scoring import Predictions
from pipeline.figures import confusion, learning_curves, mistakes, rows, sheet
from pipeline.statistics.groups import p_value
from pipeline.statistics.scores import confusion as confusion_matrix
from pipeline.training import augmentation, backend, looks
from pipeline.training.batches import SplitFolder, require_alike
from pipeline.training.specification import UNTUNED, read_untuned
from pipeline.training.trained import TrainedModels

AUGMENTED_CLASSES, AUGMENTED_COLUMNS = 6, 9


def main(settings: Params) -> None:
    """Write metrics, predictions, tables and pictures of both models."""
    backend.start(settings.train.threads)
    test = SplitFolder(paths.TEST)
    indices = judging.trained_models()
    validation = SplitFolder(paths.VALIDATION)
    require_alike(test, validation, SplitFolder(paths.TRAIN))
    seen = {
        name: Seen(index.released, validation if name == "tuned" else None)
        for name, index in indices.items()
    }
    by_seed = {
        name: judging.judge(name, index, test, seen[name].receive)
        for name, index in indices.items()
    }
    released = {name: by_seed[name][index.released] for name, index in indices.items()}

    table = judging.table(released, by_seed, test)
    write_csv(paths.PREDICTIONS, list(table), zip(*table.values(), strict=True))
    shown = {name: released[name] for name in NAMES}
    _write_tables(shown, seen, test)
    _write_doubtful(seen["tuned"], {"test": test, "validation": validation})
    _draw(shown, test)
    _draw_augmented(settings.fit)
    scores = {
        name: {
            **_metrics(index, by_seed[name], test),
            "calibration": [probabilities.calibration(seen[name], released[name], validation)],
        }
        for name, index in indices.items()
    }
    models = {name: judging.compared(released[name], by_seed[name]) for name in indices}
    search = parts.against_baseline(models, settings.evaluate.rule, test.classes)
    measured = _yardsticks(test, released["tuned"])
    # Empty where the tuned models are worth their training.
    behind = [
        name
        for name, yardstick in measured.items()
        if scores["tuned"]["accuracy_mean_of_seeds"] < yardstick["accuracy"]
    ]
    dataset = test.name or settings.dataset.name
    separated = parts.parts(models, settings.evaluate.rule, _same_as())
    found = metrics.to_json(dataset, len(test), scores, search, measured, behind, separated)
    write_json(paths.METRICS, found)


def _same_as() -> str | None:
    """Return the model that the chosen architecture at its recipe is anyway, if any."""
    return read_untuned(paths.SELECT / f"{UNTUNED}.json").same_as


def _yardsticks(test: SplitFolder, tuned: Predictions) -> dict[str, dict[str, Any]]:
    """Score what takes seconds on the same test images, and compare it with the tuned model."""
    train, validation = SplitFolder(paths.TRAIN), SplitFolder(paths.VALIDATION)
    # Of many images it takes some, so that it does take seconds.
    used = yardsticks.evenly(train.labels, yardsticks.MOST_IMAGES)
    judged = yardsticks.evenly(validation.labels, yardsticks.MOST_VALIDATION)
    found = (
        yardsticks.gradients_and_colours(
            train.images(used),
            train.labels[used],
            validation.images(judged),
            validation.labels[judged],
            test.images(slice(None)),
        ),
        yardsticks.largest_class(train.labels, len(test)),
    )
    return {
        each.name: {
            **scoring.of_labels(test.labels, each.predicted, tuned.groups),
            "mcnemar_p": p_value(tuned.correct, each.predicted == test.labels, tuned.groups),
        }
        for each in found
    }


def _metrics(
    index: TrainedModels, by_seed: dict[int, Predictions], test: SplitFolder
) -> dict[str, Any]:
    """Score the released model, and measure how much the accuracy varies over the seeds."""
    released = by_seed[index.released]
    accuracies = [float(judged.correct.mean()) for judged in by_seed.values()]
    return {
        "architecture": index.architecture,
        **scoring.summary(released),
        "accuracy_mean_of_seeds": float(np.mean(accuracies)),
        "accuracy_range_of_seeds": max(accuracies) - min(accuracies),
        "parameters": index.parameters,
        "multiply_adds": index.multiply_adds,
        # A list, as all of a metrics file that DVC should not show.
        "weights": [dict(index.weights)] if index.weights else [],
        "sure": [scoring.sure(released, each) for each in index.thresholds or ()],
        # What `predict` would warn of: its rate of false alarms.
        "unlike_training": looks.share_unlike(test, index.looks or {}),
    }


def _write_tables(
    released: dict[str, Predictions], seen: dict[str, Seen], test: SplitFolder
) -> None:
    """Write one row a model and class: its scores, itself against the rest, and its confusions.

    The last is its row of the confusion matrix.
    """
    columns = ["precision", "recall", "f1-score", "support"]
    rows, points = [], []
    for name, judged in released.items():
        matrix = confusion_matrix(judged.actual, judged.predicted, len(test.classes)).tolist()
        scores = scoring.per_class(judged, test.classes)
        rest = list(against_rest.columns(judged, seen[name].test))
        for (label, score), against, counts in zip(scores.items(), rest, matrix, strict=True):
            own = [score[column] for column in columns]
            rows.append([name, label, *own, *against.values(), *counts])
        found = against_rest.curves(test.labels, seen[name].test, test.classes)
        points += [[name, *point] for point in found]
    predicted = [f"predicted {label}" for label in test.classes]
    write_csv(paths.CLASSES, ["model", "class", *columns, *rest[0], *predicted], rows)
    write_csv(paths.ROC, ["model", "class", "false_positive_rate", "true_positive_rate"], points)


def _write_doubtful(tuned: Seen, parts: dict[str, SplitFolder]) -> None:
    """Write the images whose labels the tuned models doubt, in the mean of all seeds."""
    found = probabilities.doubtful(tuned.means(), parts)
    write_csv(paths.LABELS, probabilities.CANDIDATE_COLUMNS, found)


def _draw(released: dict[str, Predictions], test: SplitFolder) -> None:
    for name, judged in released.items():
        matrix = confusion_matrix(judged.actual, judged.predicted, len(test.classes))
        title = f"{name} on {len(test):,} test images"
        confusion.draw(matrix, test.classes, title, paths.PICTURES / f"confusion_{name}.png")
        mistakes.draw(name, judged, test, paths.PICTURES / f"mistakes_{name}.png")
    wrong = np.flatnonzero(np.any([~judged.correct for judged in released.values()], axis=0))
    chosen = sheet.choose(wrong, len(test))
    sheet.draw(chosen, test.images(chosen), paths.SHEET)
    shown = {name: curves.read(paths.LEARNING_CURVES / f"{name}.csv") for name in NAMES}
    learning_curves.draw(shown, paths.PICTURES / "learning_curves.png")


def _draw_augmented(conditions: Conditions) -> None:
    """Draw an image of each class as it is and as a training sees it, if that differs."""
    if not augmentation.augments(conditions):
        return
    train = SplitFolder(paths.TRAIN)
    first = np.unique(train.labels, return_index=True)[1][:AUGMENTED_CLASSES]
    images = train.images(np.sort(first))
    varied = augmentation.variations(images, conditions, AUGMENTED_COLUMNS)
    rows.draw(
        np.concatenate([images[:, None], varied], axis=1),
        [train.classes[label] for label in train.labels[np.sort(first)]],
        "a training image (left), and how training varies it",
        paths.PICTURES / "augmented.png",
    )
