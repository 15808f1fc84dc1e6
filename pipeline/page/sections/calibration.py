"""Calibration: whether a probability of 90 % is right nine times of ten."""

from typing import Any

from pipeline.page.charts import COLOURS, Spec, axis, chart
from pipeline.page.run import NAMES, Run
from pipeline.statistics.calibration import BINS, Bin, bins, expected_calibration_error


def section(run: Run) -> dict[str, Any]:
    """Return a reliability diagram for each released model, and its expected calibration error."""
    models = []
    for name in NAMES:
        judged, probability = run.judged(name)
        found = bins(probability, judged.correct, judged.groups)
        # Older results lack it.
        written = (run.metrics.get(name, {}).get("calibration") or [{}])[0]
        models.append(
            {
                "name": name,
                "error": expected_calibration_error(found),
                "written": written,
                "chart": _chart(name, found),
                "confidence": float(probability.mean()),
                "accuracy": float(judged.correct.mean()),
            }
        )
    return {"models": models, "bins": BINS, "images": len(judged.actual)}


def _chart(name: str, found: list[Bin]) -> Spec:
    """Draw the accuracy of each bin with its interval; perfect calibration is the diagonal."""
    rows = [
        {
            "probability": each.confidence,
            "accuracy": each.accuracy,
            "low": each.low,
            "high": each.high,
            "images": each.images,
            "label": f"{each.images:,}",
        }
        for each in found
    ]
    scale = {"domain": [0, 1]}
    x = {"type": "quantitative", "scale": scale, "axis": axis("mean probability", "~%")}
    y = {"type": "quantitative", "scale": scale, "axis": axis("share that is right", "~%")}
    ends = [{"at": 0}, {"at": 1}]
    place = {"x": {**x, "field": "probability"}}
    return chart(
        f"Reliability diagram of {name}: accuracy against probability, with 95 % intervals",
        rows,
        250,
        title={"text": name, "offset": 18},
        layer=[
            {
                "data": {"values": ends},
                "mark": {"type": "line", "strokeDash": [4, 3], "color": "var(--muted)"},
                "encoding": {"x": {**x, "field": "at"}, "y": {**y, "field": "at"}},
            },
            {
                "mark": {"type": "rule", "color": COLOURS[name], "strokeWidth": 2},
                "encoding": {**place, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "color": COLOURS[name], "size": 80},
                "encoding": {
                    **place,
                    "y": {**y, "field": "accuracy"},
                    "tooltip": [
                        {"field": "probability", "format": ".1%"},
                        {"field": "accuracy", "format": ".1%"},
                        {"field": "images"},
                    ],
                },
            },
            {
                "mark": {"type": "text", "dy": -8, "fontSize": 11},
                "encoding": {
                    **place,
                    "y": {**y, "field": "high"},
                    "text": {"field": "label"},
                },
            },
        ],
    )
