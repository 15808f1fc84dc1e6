"""The confusion matrix, whose cells open their images, and the classification report."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import classification_report

from pipeline.page import against_rest, tiles
from pipeline.page.charts import Spec, axis, chart
from pipeline.page.run import NAMES, Run
from pipeline.statistics.scores import confusion

# With more classes than these a matrix of numbers cannot be read: the pairs are listed instead.
MOST_CLASSES = 25
MOST_PAIRS = 30
# Images inside the page: of each cell, and in all.
MOST_WRONG, MOST_RIGHT = 8, 6
MOST_TILES = 300
AVERAGES = {"macro avg": "macro average", "weighted avg": "weighted average"}


def section(run: Run) -> dict[str, Any]:
    """Return the matrix of the released tuned model, its images by cell, and the report."""
    judged, probability = run.judged(NAMES[0])
    count = len(run.classes)
    matrix = confusion(judged.actual, judged.released, count)
    small = count <= MOST_CLASSES
    cells = _cells(matrix, judged.actual, judged.released, probability, small)
    found = tiles.of_test(run, [index for cell in cells for index in cell["shown"]])
    for cell in cells:
        cell["images"] = [
            {
                "uri": found[index],
                "name": run.files[index] if run.files else f"test image {index}",
                "probability": float(probability[index]),
            }
            for index in cell.pop("shown")
            if index in found
        ]
    return {
        "small": small,
        "matrix": matrix.tolist(),
        "recalls": (matrix.diagonal() / np.maximum(1, matrix.sum(axis=1))).tolist(),
        "cells": {f"{cell['actual']}-{cell['predicted']}": cell for cell in cells},
        "pairs": [cell for cell in cells if cell["actual"] != cell["predicted"]][:MOST_PAIRS],
        "chart": None if small else _chart(matrix),
        "report": report(judged.actual, judged.released, run.classes),
        "against_rest": against_rest.table(run),
        "roc": against_rest.curves(run),
        "seeds": run.seeds[NAMES[0]],
    }


def _cells(
    matrix: NDArray[np.int64],
    actual: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probability: NDArray[np.float64],
    diagonal: bool,
) -> list[dict[str, Any]]:
    """Return the cells with images, mistakes first, each with the numbers of those to show."""
    rows, columns = np.nonzero(matrix)
    order = np.lexsort((columns, rows, -matrix[rows, columns], rows == columns))
    found, left = [], MOST_TILES
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row == column and not diagonal:
            continue
        inside = np.flatnonzero((actual == row) & (predicted == column))
        # The surest mistakes, and the least sure right answers: the ones to look at.
        sign = 1 if row == column else -1
        most = min(MOST_RIGHT if row == column else MOST_WRONG, left)
        shown = inside[np.argsort(sign * probability[inside], kind="stable")][:most].tolist()
        left -= len(shown)
        found.append({"actual": row, "predicted": column, "count": len(inside), "shown": shown})
    return found


def report(
    actual: NDArray[np.int64], predicted: NDArray[np.int64], classes: list[str]
) -> list[dict[str, Any]]:
    """Return scikit-learn's classification report: a row a class, then the averages.

    As in results/metrics.json, the averages are of the classes that have test images.
    """

    def scores(labels: Sequence[int]) -> dict[str, Any]:
        return classification_report(
            actual, predicted, labels=labels, output_dict=True, zero_division=0
        )

    single, means = scores(range(len(classes))), scores(np.unique(actual).tolist())
    rows = [
        {"name": name, "average": False, **single[str(label)]} for label, name in enumerate(classes)
    ]
    rows += [{"name": name, "average": True, **means[key]} for key, name in AVERAGES.items()]
    return [{**row, "f1": row["f1-score"], "support": int(row["support"])} for row in rows]


def _chart(matrix: NDArray[np.int64]) -> Spec:
    """Draw the shares of each actual class, for many classes, by the classes' numbers."""
    shares = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    rows, columns = np.nonzero(matrix)
    data = [
        {"actual": row, "predicted": column, "share": round(float(shares[row, column]), 4)}
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    step = max(1, len(matrix) // 10)
    ticks = list(range(0, len(matrix), step))
    scale = {"domain": list(range(len(matrix))), "paddingInner": 0}
    opacity = {
        "field": "share",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "range": [0.08, 1]},
    }
    return chart(
        "Confusion matrix: the share of each actual class that was predicted as each class",
        data,
        420,
        mark={"type": "rect", "color": "var(--tuned)"},
        encoding={
            "x": {
                "field": "predicted",
                "type": "ordinal",
                "scale": scale,
                "axis": axis("predicted class", values=ticks, labelAngle=0),
            },
            "y": {
                "field": "actual",
                "type": "ordinal",
                "scale": scale,
                "axis": axis("actual class", values=ticks),
            },
            "opacity": {**opacity, "legend": {"title": "share", "format": "%"}},
        },
    )
