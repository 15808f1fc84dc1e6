"""The report of two revisions as one HTML page, with equal scales on both sides."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.base import paths
from pipeline.evaluation.curves import COLUMNS
from pipeline.page import rendering
from pipeline.page.difference import difference
from pipeline.page.history import history
from pipeline.page.sections import curves
from pipeline.report import alarms, leaks, pictures, wording
from pipeline.report.comparing import RELEASED, Report
from pipeline.report.results import Results
from pipeline.report.snapshots import Snapshot

MOST_TILES = 48
MOST_LINES = 8
# With more classes a matrix of numbers cannot be read, and the committed picture is shown.
MOST_CLASSES = 25


def as_html(report: Report, old: Snapshot, new: Snapshot) -> str:
    """Write the report as one HTML page that loads nothing."""
    sides = {"old": Results(old), "new": Results(new)}
    wanted = [flip.index for flip in (*report.broken[:MOST_TILES], *report.fixed[:MOST_TILES])]
    path = f"{paths.LEARNING_CURVES.as_posix()}/{RELEASED}.csv"
    verdict = report.verdict
    facts: dict[str, Any] = {
        "tiles": pictures.tiles((new, old), wanted),
        "difference": verdict
        and difference(
            verdict.metric,
            verdict.difference,
            (verdict.low, verdict.high),
            verdict.margin,
            ("old", "new"),
        ),
        "history": history(report.history, report.reference) if report.history else None,
        "curves": curves.side_by_side(
            {name: side.csv(path, COLUMNS) for name, side in sides.items()}
        ),
        "matrices": {} if verdict is None else _matrices(sides, len(report.classes)),
        "confusion": _embedded(old, new, "confusion_tuned.png"),
        "mistakes": _embedded(old, new, "mistakes_tuned.png"),
    }
    return rendering.fill(
        "comparison.html.j2",
        report=report,
        most_tiles=MOST_TILES,
        most_lines=MOST_LINES,
        sentence=wording.sentence,
        scope=wording.scope,
        headline=wording.headline,
        decides=wording.decides,
        uncertainty=wording.uncertainty,
        signed=wording.signed,
        unexplained=wording.unexplained,
        authors=wording.AUTHORS,
        warnings=alarms.warnings(report),
        remarks=alarms.remarks(report),
        copies=leaks.line(report.leaks),
        **facts,
    )


def _matrices(sides: Mapping[str, Results], count: int) -> dict[str, list[list[int]]]:
    """Count the test images of each revision by actual (row) and predicted class."""
    if count > MOST_CLASSES:
        return {}
    found = {}
    for name, side in sides.items():
        judged, _ = side.judged(RELEASED)
        matrix = np.zeros((count, count), np.int64)
        np.add.at(matrix, (judged.actual, judged.released), 1)
        found[name] = matrix.tolist()
    return found


def _embedded(old: Snapshot, new: Snapshot, name: str) -> dict[str, str]:
    """Return a committed picture of each revision, empty where there is none."""
    path = f"{paths.PICTURES.as_posix()}/{name}"
    return {"old": pictures.embedded(old, path), "new": pictures.embedded(new, path)}
