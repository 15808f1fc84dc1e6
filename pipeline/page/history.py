"""The test accuracy of a branch's results, commit by commit, and of the newer revision."""

import json
from collections.abc import Mapping
from typing import Any

from pipeline.page.charts import COLOURS, Spec, axis, chart
from pipeline.report.history import History
from pipeline.report.reference import Reference

THESE, HERE, OTHERS = "on these test images", "here", "on other test images"
COLOUR = {THESE: COLOURS["old"], HERE: COLOURS["new"], OTHERS: "var(--line-strong)"}
SHAPE = {THESE: "circle", HERE: "diamond", OTHERS: "cross"}


def history(found: History, reference: Reference | None) -> Spec | None:
    """Draw the accuracies with their intervals, and the reference's as a line; None without any.

    Args:
        found: The history.
        reference: The reference; its line is drawn if the two can be compared.
    """
    if not found.points:
        return None
    rows: list[dict[str, Any]] = [
        {
            "commit": point.commit,
            "number": number,
            "date": point.date,
            "accuracy": point.accuracy,
            "low": point.low,
            "high": point.high,
            "what": HERE if point.here else THESE if point.same_images else OTHERS,
        }
        for number, point in enumerate(found.points, start=1)
    ]
    kinds = [kind for kind in COLOUR if any(row["what"] == kind for row in rows)]
    return chart(
        "Test accuracy at each commit that changed it, with its 95 % interval",
        rows,
        200,
        layer=[*_line(reference), *_points([row["commit"] for row in rows], kinds)],
    )


def _points(commits: list[str], kinds: list[str]) -> list[Spec]:
    names = json.dumps(commits)
    x = {
        "field": "number",
        "type": "ordinal",
        "axis": axis(
            None,
            labelExpr=f"{names}[datum.value - 1]",
            labelOverlap=True,
            labelAngle=0,
            grid=False,
        ),
    }
    scale = {"zero": False, "nice": True}
    y = {"type": "quantitative", "scale": scale, "axis": axis("test accuracy", "~%", tickCount=5)}

    def by_kind(values: Mapping[str, str]) -> Spec:
        return {
            "field": "what",
            "type": "nominal",
            "legend": {"title": None},
            "scale": {"domain": kinds, "range": [values[kind] for kind in kinds]},
        }

    drawn, shape = by_kind(COLOUR), by_kind(SHAPE)
    tooltip = [
        {"field": "commit"},
        {"field": "date"},
        *({"field": name, "format": ".4f"} for name in ("accuracy", "low", "high")),
    ]
    return [
        {
            "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.6},
            "encoding": {
                "x": x,
                "y": {**y, "field": "low"},
                "y2": {"field": "high"},
                "color": drawn,
            },
        },
        {
            "mark": {"type": "point", "size": 80},
            "encoding": {
                "x": x,
                "y": {**y, "field": "accuracy"},
                "color": drawn,
                "shape": shape,
                "tooltip": tooltip,
            },
        },
    ]


def _line(reference: Reference | None) -> list[Spec]:
    if reference is None or reference.accuracy is None:
        return []
    y = {"datum": reference.accuracy, "type": "quantitative"}
    once: Spec = {"values": [{}]}
    return [
        {
            "data": once,
            "mark": {"type": "rule", "strokeDash": [5, 3], "color": "var(--muted)"},
            "encoding": {"y": y},
        },
        {
            "data": once,
            "mark": {
                "type": "text",
                "text": f"reference {reference.name}",
                "align": "left",
                "x": 4,
                "dy": -7,
                "color": "var(--muted)",
            },
            "encoding": {"y": y},
        },
    ]
