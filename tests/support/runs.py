"""The results of a whole run that no model was trained for, as the page reads them."""

import numpy as np

from pipeline.base.files import write_csv, write_json
from pipeline.evaluation import against_rest, metrics, parts, predictions, scoring
from pipeline.evaluation.comparison import Judged
from pipeline.evaluation.scoring import of_labels
from pipeline.figures import sheet
from pipeline.statistics.rule import Margin, Rule
from support.project import ROOT, write_params

SIDE = 12


def write_run(folder, classes, wrong, *, images=200, seeds=3, trials=4, files=None):
    """Write results/, params.yaml, dvc.yaml and dvc.lock of a run on random images.

    Args:
        folder: Where.
        classes: Class names.
        wrong: How many test images tuned gets wrong; baseline gets twice as many wrong.
        images: The number of test images.
        seeds: Models of each configuration.
        trials: Trials of the one search.
        files: Names of the test images, if they were picture files.
    """
    rng = np.random.default_rng(0)
    actual = np.arange(images) % len(classes)
    models = {
        name: _judged(actual, len(classes), n, seeds, rng)
        for name, n in zip(predictions.NAMES, (wrong, 2 * wrong), strict=True)
    }
    results = folder / "results"
    probability = {
        name: np.where(judged.correct, np.exp(-judged.loss), rng.uniform(0.4, 1, images))
        for name, judged in models.items()
    }
    numbers = {name: [*range(1, seeds + 1)] for name in models}
    table = predictions.columns(models, probability, numbers, files)
    write_csv(results / "predictions.csv", list(table), zip(*table.values(), strict=True))
    _write_against_rest(results, models["tuned"], classes, rng)
    doubted = ["test", 3, files[3] if files else "", classes[0], classes[-1], 0.01, 0.9]
    columns = ("part", "index", "file", "label", "rather", "label_probability", "probability")
    write_csv(results / "labels.csv", columns, [doubted] * wrong)
    _write_metrics(results, models, classes)
    _write_data(results, classes, actual)
    _write_search(results, trials, rng)
    curve = [
        [seed, epoch, 1 / epoch, 0.5 + epoch / 10, 1.1 / epoch, 0.5 + epoch / 11]
        for seed in range(1, seeds + 1)
        for epoch in range(1, 4)
    ]
    head = ["seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    for name in models:
        write_csv(results / f"train/{name}.csv", head, curve)
    shown = np.flatnonzero(~models["tuned"].correct)
    pixels = rng.integers(256, size=(images, SIDE, SIDE, 1), dtype=np.uint8)
    sheet.draw(shown, pixels[shown], results / "pictures/mistakes_sheet.png")
    write_params(folder, {"architectures": ["compact_cnn"]})
    (folder / "dvc.yaml").write_text((ROOT / "dvc.yaml").read_text())
    (folder / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    return pixels


def _judged(actual, classes, wrong, seeds, rng):
    answers = np.stack([actual] * seeds)
    answers[:, :wrong] = (actual[:wrong] + 1) % classes
    loss = np.where(answers[0] == actual, 0.1, rng.uniform(1, 5, len(actual)))
    return Judged(actual, answers[0], loss, answers)


def _write_against_rest(results, judged, classes, rng):
    probabilities = rng.dirichlet(np.ones(len(classes)), len(judged.actual)).astype(np.float32)
    made = scoring.predictions(judged.actual, probabilities)
    rows = list(against_rest.columns(made, probabilities))
    named = [["tuned", name, *row.values()] for name, row in zip(classes, rows, strict=True)]
    write_csv(results / "classes.csv", ["model", "class", *rows[0]], named)
    points = against_rest.curves(judged.actual, probabilities, classes)
    head = ["model", "class", "false_positive_rate", "true_positive_rate"]
    write_csv(results / "roc.csv", head, [["tuned", *point] for point in points])


def _write_metrics(results, models, classes):
    scores = {
        name: {
            "architecture": "compact_cnn",
            **of_labels(judged.actual, judged.released),
            "loss": float(judged.loss.mean()),
            "accuracy_mean_of_seeds": float((judged.seeds == judged.actual).mean()),
            "accuracy_range_of_seeds": 0.0,
            "parameters": 54922,
        }
        for name, judged in models.items()
    }
    search = parts.against_baseline(models, Rule("auto", Margin(0.005, False)), classes)
    actual = models["tuned"].actual
    majority = {"largest_class": of_labels(actual, np.zeros_like(actual))}
    content = metrics.to_json("toy", len(actual), scores, search, majority, [])
    write_json(results / "metrics.json", content)


def _write_data(results, classes, actual):
    counts = np.bincount(actual, minlength=len(classes)).tolist()
    split = {
        "images": len(actual),
        "shape": f"{SIDE}×{SIDE}×1",
        "images_sha256": "i" * 64,
        "labels_sha256": "l" * 64,
        "per_class": [[name, count] for name, count in zip(classes, counts, strict=True)],
    }
    parts = dict.fromkeys(("train", "validation", "test"), split)
    write_json(results / "data.json", {"dataset": "toy", **parts, "duplicates": {}})


def _write_search(results, trials, rng):
    head = ["trial", "status", "epochs", "val_accuracy", "val_loss", "parameters", "reason"]
    rows = [
        [n, "completed", 3, round(rng.uniform(0.5, 0.99), 4), 0.5, 1000 * n, "", 2**n, kind]
        for n, kind in zip(range(1, trials + 1), ["adam", "sgd"] * trials, strict=False)
    ]
    rows.append([trials + 1, "failed", 3, "", "", "", "memory ran out", 64, "adam"])
    write_csv(results / "trials/compact_cnn.csv", [*head, "filters", "optimizer"], rows)
    ranked = [["filters", 0.3, 0.1, 0.02], ["optimizer", -0.01, 0.1, 0.9]]
    columns = ["hyperparameter", "importance", "noise", "p_value"]
    write_csv(results / "search/compact_cnn.csv", columns, ranked)
    best = max(rows[:-1], key=lambda row: row[3])
    head = ["architecture", "trial", "val_accuracy", "standard_error", "val_loss", "parameters"]
    chosen = ["compact_cnn", best[0], best[3], 0.01, 0.5, best[5], "the best"]
    write_csv(results / "select/candidates.csv", [*head, "chosen_because"], [chosen])
    specification = {"architecture": "compact_cnn", "hyperparameters": {"filters": 16}}
    write_json(results / "select/tuned.json", specification)
