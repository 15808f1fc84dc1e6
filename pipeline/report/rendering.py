"""The formats of a report: Markdown for a pull request, JSON for programs.

The HTML page is in `pipeline/page/comparison.py`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.base import paths
from pipeline.report import alarms, escaping, leaks, wording
from pipeline.report.comparing import Report
from pipeline.report.history import Point
from pipeline.report.results import Results

# This line marks the report's comment, so the next report can find and replace it.
MARKER = "<!-- convoy-report -->"
SYMBOLS = {
    "better": "✅",
    "worse": "❌",
    "equivalent": "🟰",
    "undecided": "❔",
    "not comparable": "🚫",
}
SHOWN = {
    "Learning curves": "learning_curves.png",
    "Confusion matrix": "confusion_tuned.png",
    "Worst mistakes": "mistakes_tuned.png",
}
MOST_LINES = 12
MOST_FLIPS = 12
MOST_POINTS = 5
BARS = "▁▂▃▄▅▆▇█"
DOUBTFUL = "⚠️"


def as_json(report: Report, *_: Results) -> str:
    """Write all facts as JSON."""
    said = {"warnings": alarms.warnings(report), "remarks": alarms.remarks(report)}
    content = {"word": report.word, **said, **asdict(report)}
    # Escaped: what cannot be seen could steer the terminal that shows it.
    return json.dumps(content, indent=2, ensure_ascii=True, default=str) + "\n"


def as_markdown(report: Report, *_: Results, old_url: str = "", new_url: str = "") -> str:
    """Write a comment for a pull request.

    Args:
        report: The facts.
        old_url: Address of the older revision's files, with `{path}` in it. Without it the report
            has no pictures, because Markdown cannot contain them.
        new_url: The same for the newer revision.
    """
    shown = []
    if old_url and new_url:
        shown = [
            (title, old_url.replace("{path}", path), new_url.replace("{path}", path))
            for title, path in _paths().items()
        ]
    template = _environment().get_template("report.md.j2")
    warnings = alarms.warnings(report)
    points = report.history.points if report.history else []
    text = template.render(
        report=report,
        pictures=shown,
        # A green tick must not stand above a warning.
        symbol=SYMBOLS[report.word] if report.word == "worse" or not warnings else DOUBTFUL,
        marker=MARKER,
        warnings=warnings,
        remarks=alarms.remarks(report),
        copies=leaks.line(report.leaks),
        spark=sparkline(points),
        accuracies=" → ".join(f"{point.accuracy:.4f}" for point in points[-MOST_POINTS:]),
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def sparkline(points: Sequence[Point]) -> str:
    """Draw accuracies as a line of bars, from the lowest to the highest of them."""
    values = [point.accuracy for point in points]
    if not values or max(values) == min(values):
        return ""
    step = (max(values) - min(values)) / (len(BARS) - 1)
    return "".join(BARS[round((value - min(values)) / step)] for value in values)


def _paths() -> Mapping[str, str]:
    return {title: f"{paths.PICTURES.as_posix()}/{name}" for title, name in SHOWN.items()}


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.report"),
        autoescape=False,  # the filter `md` escapes for Markdown
        undefined=StrictUndefined,
        lstrip_blocks=True,
    )
    environment.filters["md"] = escaping.markdown
    environment.globals |= {
        "sentence": wording.sentence,
        "scope": wording.scope,
        "headline": wording.headline,
        "decides": wording.decides,
        "uncertainty": wording.uncertainty,
        "signed": wording.signed,
        "value": wording.value,
        "shortened": wording.shortened,
        "unexplained": wording.unexplained,
        "authors": wording.AUTHORS,
        "most_lines": MOST_LINES,
        "most_flips": MOST_FLIPS,
        "most_points": MOST_POINTS,
    }
    return environment
