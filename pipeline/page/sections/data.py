"""The data: samples, images of each class, duplicates, and leaks between the splits."""

from typing import Any

import numpy as np

from pipeline.base import paths
from pipeline.page import tiles
from pipeline.page.charts import Spec, axis, chart
from pipeline.page.run import Run

SPLITS = ("train", "validation", "test")
SAMPLES_A_CLASS, MOST_CLASSES = 10, 25
SAMPLE_SIDE = 56
# Equal or nearly equal images on both sides of a cut: the test is easier than it looks.
LEAKS = {
    "exact_test_in_train": "equal to a training image",
    "near_test_in_train": "nearly equal to a training image",
    "exact_test_in_validation": "equal to a validation image",
    "near_test_in_validation": "nearly equal to a validation image",
}


def section(run: Run) -> dict[str, Any]:
    """Return counts, samples and duplicates from results/data.json and the images."""
    data = run.results.data
    duplicates = data.get("duplicates", {})
    counts = _counts(data)
    return {
        "name": run.metrics.get("dataset", ""),
        "splits": {name: data[name] for name in SPLITS if name in data},
        "counts": counts,
        "chart": _chart(counts) if counts else None,
        "samples": _samples(run),
        "picture": tiles.of_committed(run, f"{paths.DATA_PICTURES.as_posix()}/samples.png"),
        "leaks": [(duplicates.get(key, 0), text) for key, text in LEAKS.items()],
        # Of what was not counted nothing may be claimed.
        "counted": LEAKS.keys() <= duplicates.keys(),
        "duplicates": duplicates,
        "duplicates_picture": _duplicates(run),
        "left_out": data.get("left_out", 0),
        "skipped": data.get("skipped", 0),
    }


def _duplicates(run: Run) -> str:
    """Return the picture of the pairs, if there are any."""
    found = run.results.data.get("duplicates", {})
    pairs = sum(count for key, count in found.items() if key != "not_compared")
    path = f"{paths.DATA_PICTURES.as_posix()}/duplicates.png"
    return tiles.of_committed(run, path) if pairs else ""


def _counts(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"class": name, "split": split, "rank": rank, "images": int(count)}
        for rank, split in enumerate(SPLITS)
        for name, count in data.get(split, {}).get("per_class", [])
    ]


def _chart(counts: list[dict[str, Any]]) -> Spec:
    names = list(dict.fromkeys(row["class"] for row in counts))
    return chart(
        "Images of each class, by split",
        counts,
        max(120, min(24, 900 // len(names)) * len(names)),
        mark={"type": "bar"},
        encoding={
            "y": {
                "field": "class",
                "type": "nominal",
                "sort": names,
                "axis": axis(None, labelOverlap=True),
            },
            "x": {"field": "images", "type": "quantitative", "axis": axis("images", tickCount=5)},
            "color": {
                "field": "split",
                "type": "nominal",
                "sort": list(SPLITS),
                "scale": {
                    "domain": list(SPLITS),
                    "range": ["var(--c1)", "var(--c2)", "var(--c3)"],
                },
                "legend": {"title": None},
            },
            "order": {"field": "rank", "type": "quantitative"},
            "tooltip": [{"field": "class"}, {"field": "split"}, {"field": "images"}],
        },
    )


def _samples(run: Run) -> list[dict[str, Any]]:
    """Return the first training images of each class; empty where the images are not here."""
    images = run.images("train")
    if images is None:
        return []
    labels = run.labels("train")
    return [
        {
            "name": name,
            "images": [
                tiles.uri(np.asarray(images[index]), SAMPLE_SIDE)
                for index in np.flatnonzero(labels == label)[:SAMPLES_A_CLASS]
            ],
        }
        for label, name in enumerate(run.classes[:MOST_CLASSES])
    ]
