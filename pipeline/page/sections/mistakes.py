"""The worst mistakes of the tuned model, and the test labels that all models doubt."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.base.parsing import finite
from pipeline.page import tiles
from pipeline.page.run import NAMES, Run

MOST, MOST_CANDIDATES = 24, 100


def section(run: Run) -> dict[str, Any]:
    """Return images with their classes: the surest mistakes, and the most doubtful labels."""
    judged, probability = run.judged(NAMES[0])
    wrong = worst(run)
    doubtful, answers = _doubtful(run)
    found = tiles.of_test(run, [*wrong[:MOST], *doubtful[:MOST]])

    def card(index: int, predicted: int) -> dict[str, Any]:
        return {
            "index": index,
            "uri": found.get(index),
            "file": run.files[index] if run.files else None,
            "actual": run.classes[judged.actual[index]],
            "predicted": run.classes[predicted],
            "probability": float(probability[index]),
        }

    return {
        "wrong": len(wrong),
        "images": len(judged.actual),
        "worst": [card(index, int(judged.released[index])) for index in wrong[:MOST].tolist()],
        "doubtful_labels": len(doubtful),
        "doubtful": [card(index, int(answers[index])) for index in doubtful[:MOST].tolist()],
        "models": sum(run.seeds.values()),
        "candidates": _candidates(run),
        "most_candidates": MOST_CANDIDATES,
    }


def worst(run: Run) -> NDArray[np.int64]:
    """Return the images that the released tuned model gets wrong, surest answer first."""
    judged, probability = run.judged(NAMES[0])
    wrong = np.flatnonzero(~judged.correct)
    return wrong[np.argsort(-probability[wrong], kind="stable")]


def _candidates(run: Run) -> list[dict[str, Any]]:
    """Return the rows of results/labels.csv, the most doubtful first."""
    checks = {"part": str, "index": str, "label": str, "rather": str, "file": str} | dict.fromkeys(
        ("label_probability", "probability"), finite
    )
    return [
        {**row, **{key: float(row[key]) for key in ("label_probability", "probability")}}
        for row in run.results.csv(paths.LABELS.as_posix(), checks)
    ]


def _doubtful(run: Run) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the images for which every model gives one and the same other class, and that class.

    The least probable labels come first. No model has seen these images, so that their agreement
    is evidence (Northcutt, Jiang and Chuang 2021, "Confident Learning", rank labels in the same
    way by a model's confidence in them).
    """
    judged = {name: run.judged(name)[0] for name in NAMES}
    answers = np.concatenate([each.seeds for each in judged.values()])
    actual = judged[NAMES[0]].actual
    agreed = (answers == answers[0]).all(axis=0) & (answers[0] != actual)
    doubtful = np.flatnonzero(agreed)
    loss = np.sum([each.loss for each in judged.values()], axis=0)
    return doubtful[np.argsort(-loss[doubtful], kind="stable")], answers[0]
