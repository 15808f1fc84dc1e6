"""The report of two revisions as one HTML page, with equal scales on both sides."""

from collections.abc import Mapping
from typing import Any

from pipeline.base import paths
from pipeline.evaluation.curves import COLUMNS
from pipeline.page import rendering
from pipeline.page.difference import difference
from pipeline.page.history import history
from pipeline.page.sections import curves
from pipeline.report import alarms, leaks, pictures, wording
from pipeline.report.comparing import RELEASED, Report
from pipeline.report.results import Results
from pipeline.statistics.scores import confusion

MOST_TILES = 48
MOST_LINES = 8
# With more classes a matrix of numbers cannot be read, and the committed picture is shown.
MOST_CLASSES = 25


def as_html(report: Report, old: Results, new: Results) -> str:
    """Write the report as one HTML page that loads nothing."""
    sides = {"old": old, "new": new}
    wanted = [flip.index for flip in (*report.broken[:MOST_TILES], *report.fixed[:MOST_TILES])]
    path = f"{paths.LEARNING_CURVES.as_posix()}/{RELEASED}.csv"
    verdict = report.verdict
    facts: dict[str, Any] = {
        "tiles": pictures.tiles((new.snapshot, old.snapshot), wanted),
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
        "confusion": _embedded(sides, "confusion_tuned.png"),
        "mistakes": _embedded(sides, "mistakes_tuned.png"),
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
        found[name] = confusion(judged.actual, judged.released, count).tolist()
    return found


def _embedded(sides: Mapping[str, Results], name: str) -> dict[str, str]:
    """Return a committed picture of each revision, empty where there is none."""
    path = f"{paths.PICTURES.as_posix()}/{name}"
    return {side: pictures.embedded(of.snapshot, path) for side, of in sides.items()}
