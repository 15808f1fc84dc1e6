"""Each class against the rest: sensitivity, specificity, and ROC curves, from results in git."""

from typing import Any

from pipeline.base import paths
from pipeline.base.parsing import Columns, finite, finite_or_empty
from pipeline.page.charts import CATEGORIES, Spec, axis, categories, chart
from pipeline.page.run import NAMES, Run

SCORES = {"sensitivity": "sensitivity", "specificity": "specificity", "auc": "AUC"}


def table(run: Run) -> list[dict[str, Any]]:
    """Return a row for each class of the released tuned model; empty in older results.

    Each score is [value, low, high]; None where it cannot be measured.
    """
    columns = [f"{score}{end}" for score in SCORES for end in ("", "_low", "_high")]
    path = paths.CLASSES.as_posix()
    found = run.results.csv(path)
    if not found or any(column not in found[0] for column in columns):
        return []
    rows = run.results.csv(path, dict.fromkeys(columns, finite_or_empty))
    return [
        {
            "name": row["class"],
            "scores": [
                [float(row[f"{score}{end}"]) for end in ("", "_low", "_high")]
                if row[score]
                else None
                for score in SCORES
            ],
        }
        for row in rows
        if row["model"] == NAMES[0]
    ]


def curves(run: Run) -> Spec | None:
    """Draw the ROC curves of the released tuned model; None if there are none.

    There are eight colours; if there are more classes, those with the smallest areas have them.
    """
    checks: Columns = {
        "model": str,
        "class": str,
        "false_positive_rate": finite,
        "true_positive_rate": finite,
    }
    rows = [
        {
            "class": row["class"],
            "false": float(row["false_positive_rate"]),
            "true": float(row["true_positive_rate"]),
            "place": place,
        }
        for place, row in enumerate(run.results.csv(paths.ROC.as_posix(), checks))
        if row["model"] == NAMES[0]
    ]
    if not rows:
        return None
    names = list(dict.fromkeys(str(row["class"]) for row in rows))
    areas = {row["name"]: row["scores"][-1][0] for row in table(run) if row["scores"][-1]}
    hardest = sorted(names, key=lambda name: areas.get(name, 1.0))[: len(CATEGORIES)]
    coloured = [name for name in names if name in hardest]
    scale = {"domain": [0, 1]}
    x = {"type": "quantitative", "scale": scale, "axis": axis("false positive rate", "~%")}
    y = {"type": "quantitative", "scale": scale, "axis": axis("true positive rate", "~%")}
    ends = [{"at": 0}, {"at": 1}]
    lines: Spec = {
        "mark": {"type": "line", "point": {"size": 18}},
        "encoding": {
            "x": {**x, "field": "false"},
            "y": {**y, "field": "true"},
            "order": {"field": "place", "type": "quantitative"},
            "detail": {"field": "class"},
            "tooltip": [
                {"field": "class"},
                {"field": "false", "format": ".2%", "title": "false positive rate"},
                {"field": "true", "format": ".2%", "title": "true positive rate"},
            ],
        },
    }
    colour = {
        "field": "class",
        "type": "nominal",
        "scale": categories(coloured),
        "legend": {"title": None, "labelLimit": 120, "columns": 4},
    }
    is_coloured: Spec = {"field": "class", "oneOf": coloured}
    return chart(
        "ROC curve of each class against the rest",
        rows,
        320,
        layer=[
            {
                "data": {"values": ends},
                "mark": {"type": "line", "strokeDash": [4, 3], "color": "var(--muted)"},
                "encoding": {"x": {**x, "field": "at"}, "y": {**y, "field": "at"}},
            },
            {
                "transform": [{"filter": {"not": is_coloured}}],
                "mark": {"type": "line", "color": "var(--line-strong)", "strokeWidth": 1},
                "encoding": lines["encoding"],
            },
            {
                "transform": [{"filter": is_coloured}],
                "mark": lines["mark"],
                "encoding": {**lines["encoding"], "color": colour},
            },
        ],
    )
