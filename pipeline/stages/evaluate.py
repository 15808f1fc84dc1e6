"""Stage `evaluate`: judge both trained models on the test images, which nothing else opens."""

from typing import Any

import numpy as np

from pipeline import backend, params, paths, saving, scoring, summary, trained
from pipeline.batches import INFERENCE_BATCH, Batches, SplitFolder
from pipeline.figures import confusion, learning_curves, mistakes
from pipeline.files import read_csv, write_csv, write_json
from pipeline.guard import run_stage
from pipeline.scoring import Predictions
from pipeline.terminal import progress
from pipeline.trained import TrainedModels

NAMES = ("tuned", "baseline")


def main() -> None:
    """Write metrics, predictions, tables and pictures of both models."""
    settings = params.load()
    backend.start(settings.train.threads)
    test = SplitFolder(paths.TEST)
    indices = {name: trained.read(paths.MODELS / name) for name in NAMES}
    by_seed = {name: _judge(name, index, test) for name, index in indices.items()}
    released = {name: by_seed[name][indices[name].released] for name in NAMES}

    _write_predictions(released, by_seed, test)
    _write_tables(released, test)
    _draw(released, test)
    metrics = {name: _metrics(indices[name], by_seed[name]) for name in NAMES}
    fixed = int((released["tuned"].correct & ~released["baseline"].correct).sum())
    broken = int((released["baseline"].correct & ~released["tuned"].correct).sum())
    versus = {
        "accuracy_difference": metrics["tuned"]["accuracy"] - metrics["baseline"]["accuracy"],
        "fixed": fixed,
        "broken": broken,
        "margin": settings.evaluate.margin,
    }
    write_json(
        paths.METRICS,
        {
            "dataset": settings.dataset.name,
            "test_images": len(test),
            **metrics,
            "tuned_against_baseline": versus,
        },
    )
    summary.show()


def _judge(name: str, index: TrainedModels, test: SplitFolder) -> dict[int, Predictions]:
    """Let the model of every seed classify the test images, a batch at a time."""
    judged = {}
    with progress("models") as bar:
        task = bar.add_task(f"evaluate {name}", total=len(index.seeds), note="")
        for result in index.seeds:
            model = saving.load(trained.model_file(paths.MODELS / name, result.seed))
            probabilities = model.predict(Batches(test, INFERENCE_BATCH), verbose=0)
            judged[result.seed] = scoring.predictions(test.labels, probabilities)
            bar.update(task, advance=1)
    return judged


def _metrics(index: TrainedModels, by_seed: dict[int, Predictions]) -> dict[str, Any]:
    """Score the released model, and tell how much the accuracy varies over the seeds."""
    classes = len(index.classes)
    accuracies = [float(judged.correct.mean()) for judged in by_seed.values()]
    return {
        "architecture": index.architecture,
        **scoring.summary(by_seed[index.released], classes),
        "accuracy_mean_of_seeds": float(np.mean(accuracies)),
        "accuracy_range_of_seeds": max(accuracies) - min(accuracies),
        "parameters": index.parameters,
    }


def _write_predictions(
    released: dict[str, Predictions],
    by_seed: dict[str, dict[int, Predictions]],
    test: SplitFolder,
) -> None:
    """Write one row an image: the released models first, then the model of every seed.

    A seed's columns are its predicted class and the probability it gave to the actual class,
    which is all that accuracy, F1 and log loss need.
    """
    columns: dict[str, list] = {"index": list(range(len(test))), "actual": test.labels.tolist()}
    for name, judged in released.items():
        columns[f"{name}_predicted"] = judged.predicted.tolist()
        columns[f"{name}_probability"] = _three_digits(judged.probability)
    for name, models_of in by_seed.items():
        for seed, judged in models_of.items():
            columns[f"{name}_seed{seed}"] = judged.predicted.tolist()
            columns[f"{name}_seed{seed}_actual_probability"] = _three_digits(
                judged.actual_probability
            )
    write_csv(paths.PREDICTIONS, list(columns), zip(*columns.values(), strict=True))


def _three_digits(values: np.ndarray) -> list[str]:
    return [f"{value:.3g}" for value in values]


def _write_tables(released: dict[str, Predictions], test: SplitFolder) -> None:
    columns = ["precision", "recall", "f1-score", "support"]
    rows = [
        [name, label, *(scores[column] for column in columns)]
        for name, judged in released.items()
        for label, scores in scoring.per_class(judged, test.classes).items()
    ]
    write_csv(paths.CLASSES, ["model", "class", *columns], rows)
    for name, judged in released.items():
        matrix = scoring.confusion(judged, len(test.classes))
        counts = [[label, *line] for label, line in zip(test.classes, matrix.tolist(), strict=True)]
        write_csv(paths.CONFUSION / f"{name}.csv", ["actual", *test.classes], counts)


def _draw(released: dict[str, Predictions], test: SplitFolder) -> None:
    for name, judged in released.items():
        matrix = scoring.confusion(judged, len(test.classes))
        title = f"{name} on {len(test):,} test images"
        confusion.draw(matrix, test.classes, title, paths.PICTURES / f"confusion_{name}.png")
        mistakes.draw(
            judged, test, f"{name}: worst mistakes", paths.PICTURES / f"mistakes_{name}.png"
        )
    curves = {name: read_csv(paths.LEARNING_CURVES / f"{name}.csv") for name in NAMES}
    learning_curves.draw(curves, paths.PICTURES / "learning_curves.png")


if __name__ == "__main__":
    run_stage(main)
