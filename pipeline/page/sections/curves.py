"""Learning curves of the final training: the mean of the seeds, and their range."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.base import paths
from pipeline.page.charts import COLOURS, Spec, axis, chart
from pipeline.page.run import NAMES, Run

Table = Sequence[Mapping[str, str]]
TITLES = {"loss": "loss, nats", "accuracy": "accuracy"}


def section(run: Run) -> dict[str, Any]:
    """Return a chart for each metric and model; those of one metric have the same scale."""
    tables = {
        name: run.results.csv(f"{paths.LEARNING_CURVES.as_posix()}/{name}.csv") for name in NAMES
    }
    return {"charts": side_by_side(tables), "seeds": run.seeds}


def side_by_side(tables: Mapping[str, Table]) -> list[Spec]:
    """Draw the loss of each table, then the accuracy of each; one metric has one scale."""
    drawn = []
    for metric, title in TITLES.items():
        rows = {name: _rows(table, metric) for name, table in tables.items()}
        values = [row["value"] for found in rows.values() for row in found]
        last = max((row["epoch"] for found in rows.values() for row in found), default=1)
        for name, found in rows.items():
            if found:
                drawn.append(_chart(name, title, found, (min(values), max(values)), last))
    return drawn


def _rows(table: Table, metric: str) -> list[dict[str, Any]]:
    columns = {metric: "training", f"val_{metric}": "validation"}
    return [
        {
            "epoch": int(row["epoch"]),
            "seed": int(row["seed"]),
            "images": images,
            "value": float(row[column]),
        }
        for row in table
        for column, images in columns.items()
    ]


def _chart(
    name: str, title: str, rows: list[dict[str, Any]], ends: tuple[float, float], last: int
) -> Spec:
    form = "~%" if title == "accuracy" else None
    scale = {"domain": [max(0.0, ends[0] - 0.02), ends[1]], "nice": True, "zero": False}
    x = {
        "field": "epoch",
        "type": "quantitative",
        "scale": {"domain": [min(1, last - 1), last], "nice": False},
        "axis": axis("epoch", "d", tickMinStep=1, grid=False),
    }
    y = {"type": "quantitative", "scale": scale, "axis": axis(title, form, tickCount=5)}
    colour = COLOURS[name]
    lines = {
        "strokeDash": {
            "field": "images",
            "type": "nominal",
            "legend": {"title": None, "symbolType": "stroke", "symbolSize": 500},
            "scale": {"domain": ["validation", "training"], "range": [[1, 0], [5, 3]]},
        }
    }
    return chart(
        f"{title} of {name} by epoch, mean and range of the seeds",
        rows,
        190,
        title=f"{name}: {title.partition(',')[0]}",
        encoding={"x": x},
        layer=[
            {
                "mark": {"type": "area", "color": colour, "opacity": 0.18},
                "encoding": {
                    "y": {**y, "field": "value", "aggregate": "min"},
                    "y2": {"field": "value", "aggregate": "max"},
                    "detail": {"field": "images"},
                },
            },
            {
                "mark": {"type": "line", "color": colour},
                "encoding": {"y": {**y, "field": "value", "aggregate": "mean"}, **lines},
            },
            {
                "mark": {"type": "point", "color": colour, "size": 22},
                "encoding": {
                    "y": {**y, "field": "value", "aggregate": "mean"},
                    "detail": {"field": "images"},
                    "tooltip": [
                        {"field": "images"},
                        {"field": "epoch"},
                        {"field": "value", "aggregate": "mean", "format": ".4f", "title": title},
                    ],
                },
            },
        ],
    )
