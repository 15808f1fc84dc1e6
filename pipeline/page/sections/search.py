"""The search: its trials, what they cost in parameters, and what seems to have mattered."""

from typing import Any

from pipeline.base import paths
from pipeline.base.parsing import Columns, finite
from pipeline.config.shapes import SelectMetrics
from pipeline.evaluation.choice import score
from pipeline.page import parallel
from pipeline.page.charts import Spec, axis, categories, chart, shapes
from pipeline.page.run import Run
from pipeline.page.wording import percent
from pipeline.search.columns import TRIAL_COLUMNS
from pipeline.search.importance import LEAST_TRIALS, said
from pipeline.statistics.words import LEVEL

# Where an axis of accuracies has its ticks: 0.5 is 50 % wrong.
ERRORS = [0.9, 0.8, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005]
LABELS = {"completed": "completed", "stopped": "stopped early", "failed": "failed"}


def section(run: Run) -> dict[str, Any]:
    """Return the charts of all searches together, and one panel for each architecture."""
    # On a logarithmic axis half an image stands for none.
    least = 0.5 / run.results.data.get("validation", {}).get("images", 10_000)
    rows = [
        {
            "architecture": name,
            "trial": int(row["trial"]),
            "accuracy": float(row["val_accuracy"]),
            "error": max(1 - float(row["val_accuracy"]), least),
            "parameters": int(row["parameters"]),
            "epochs": int(row["epochs"]),
            "status": LABELS[row["status"]],
        }
        for name, table in run.searched.items()
        for row in table
        if row["val_accuracy"]
    ]
    names = list(run.searched)
    chosen, best = _chosen(run), _front(rows)
    return {
        "panels": [_panel(run, name, table) for name, table in run.searched.items()],
        "chosen": chosen,
        "too_high": _too_high(run),
        "trials": sum(map(len, run.searched.values())),
        "failed": sum(row["status"] == "failed" for t in run.searched.values() for row in t),
        "history": _history(rows, names) if rows else None,
        "cost": _cost(rows, names, best, chosen, least) if rows else None,
        "front": len(best),
        # Multiply-adds count as well there; results of older versions have no such file.
        "whole_front": len(run.results.csv((paths.SELECT / "front.csv").as_posix())),
    }


def _chosen(run: Run) -> dict[str, Any] | None:
    """Return the row of the model that was selected, and why it was."""
    whole: Columns = dict.fromkeys(("trial", "parameters"), int)
    scores: Columns = dict.fromkeys(("val_accuracy", "standard_error"), finite)
    path = (paths.SELECT / "candidates.csv").as_posix()
    rows = run.results.csv(path, {"architecture": str, **whole, **scores})
    found = [row for row in rows if row.get("chosen_because")]
    if not found:
        return None
    row = found[0]
    return {
        **row,
        "trial": int(row["trial"]),
        "parameters": int(row["parameters"]),
        "accuracy": float(row["val_accuracy"]),
        "standard_error": float(row["standard_error"]),
    }


def _too_high(run: Run) -> str:
    """Write how much too high the chosen model's score is; empty for results of older versions."""
    path = (paths.SELECT / "metrics.json").as_posix()
    return score(run.results.json(path, SelectMetrics).get("chosen", {}))


def _front(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the completed trials that no other beats in accuracy and size, smallest first."""
    kept: list[dict[str, Any]] = []
    done = [row for row in rows if row["status"] == LABELS["completed"]]
    for row in sorted(done, key=lambda row: (row["parameters"], row["error"])):
        if not kept or row["error"] < kept[-1]["error"]:
            kept.append(row)
    return kept


def _accuracy(rows: list[dict[str, Any]], field: str) -> Spec:
    """Return the y channel of an error, labelled as accuracy.

    The axis is logarithmic in the error, so that 98 % and 99 % are as far apart as 80 % and 90 %.
    """
    errors = [row["error"] for row in rows]
    ends = [max(errors) * 1.1, min(errors) / 1.25]
    ticks = [error for error in ERRORS if ends[1] <= error <= ends[0]]
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"type": "log", "domain": ends, "nice": False},
        "axis": axis(
            "validation accuracy", values=ticks, labelExpr="format(1 - datum.value, '~%')"
        ),
    }


def _history(rows: list[dict[str, Any]], names: list[str]) -> Spec:
    last = max(row["trial"] for row in rows)
    ticks = list(range(1, last + 1, 1 + last // 10))
    x = {"field": "trial", "type": "quantitative", "axis": axis("trial", "d", values=ticks)}
    colour = {
        "field": "architecture",
        "type": "nominal",
        "scale": categories(names),
        "legend": {"title": None},
    }
    best = {"window": [{"op": "min", "field": "error", "as": "best"}]}
    window = {**best, "sort": [{"field": "trial"}], "groupby": ["architecture"]}
    return chart(
        "Validation accuracy of each trial, and the best so far of each architecture",
        rows,
        240,
        title="score over trials",
        encoding={"x": x, "color": colour},
        layer=[
            {
                "transform": [{"filter": "datum.status == 'completed'"}, window],
                "mark": {"type": "line", "interpolate": "step-after", "opacity": 0.55},
                "encoding": {"y": _accuracy(rows, "best")},
            },
            _points(rows, names),
        ],
    )


def _points(rows: list[dict[str, Any]], names: list[str]) -> Spec:
    fields = ("architecture", "trial", "accuracy", "parameters", "epochs", "status")
    return {
        "mark": {"type": "point", "size": 70},
        "encoding": {
            "y": _accuracy(rows, "error"),
            "shape": {
                "field": "architecture",
                "type": "nominal",
                "scale": shapes(names),
                "legend": {"title": None},
            },
            "opacity": {
                "condition": {"test": "datum.status == 'completed'", "value": 1},
                "value": 0.45,
            },
            "tooltip": [
                {"field": field, **({"format": ".2%"} if field == "accuracy" else {})}
                for field in fields
            ],
        },
    }


def _cost(
    rows: list[dict[str, Any]],
    names: list[str],
    best: list[dict[str, Any]],
    chosen: dict[str, Any] | None,
    least: float,
) -> Spec:
    """Draw score against size. Parameters are on a logarithmic axis."""
    x = {
        "field": "parameters",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False, "padding": 16},
        "axis": axis("parameters", "~s", tickCount=4, labelOverlap=True, grid=False),
    }
    y = _accuracy(rows, "error")
    line = [{"parameters": row["parameters"], "error": row["error"]} for row in best]
    # To the right of the last one nothing is better.
    line += [{**line[-1], "parameters": max(row["parameters"] for row in rows)}] if line else []
    layers: list[Spec] = [
        {
            "data": {"values": line},
            "mark": {
                "type": "line",
                "interpolate": "step-after",
                "strokeDash": [4, 3],
                "color": "var(--muted)",
            },
            "encoding": {"x": x, "y": y},
        },
        _points(rows, names),
    ]
    layers[-1]["encoding"] |= {
        "x": x,
        "color": {
            "field": "architecture",
            "type": "nominal",
            "scale": categories(names),
            "legend": {"title": None},
        },
    }
    if chosen:
        layers.append(
            {
                "data": {"values": [{**chosen, "error": max(1 - chosen["accuracy"], least)}]},
                "mark": {
                    "type": "point",
                    "filled": False,
                    "size": 320,
                    "strokeWidth": 2,
                    "color": "var(--ink)",
                    "shape": "circle",
                },
                "encoding": {"x": x, "y": y},
            }
        )
    return chart(
        "Validation accuracy against the number of parameters, with the Pareto front",
        rows,
        240,
        title="score against parameters",
        layer=layers,
    )


def _panel(run: Run, name: str, table: list[dict[str, str]]) -> dict[str, Any]:
    """Return what is shown of one architecture: its trials, and the importances."""
    names = [column for column in table[0] if column not in TRIAL_COLUMNS]
    scored = [row for row in table if row["val_accuracy"]]
    path = f"{paths.SEARCH.as_posix()}/{name}.csv"
    checks: Columns = {"hyperparameter": str, "importance": finite}
    yardsticks: Columns = {"noise": finite, "p_value": finite}
    ranked = run.results.csv(path, checks)
    # Older versions had no yardstick, and ranked noise.
    with_noise = ranked and "noise" in ranked[0]
    ranked = run.results.csv(path, {**checks, **yardsticks}) if with_noise else []
    above = [row["hyperparameter"] for row in ranked if float(row["p_value"]) < LEVEL]
    return {
        "name": name,
        "columns": ["trial", "accuracy", "loss", "parameters", "epochs", "status", *names],
        "rows": [_row(row, names) for row in table],
        "trials": len(scored),
        "least_trials": LEAST_TRIALS,
        "parallel": parallel.coordinates(scored, names) if scored else None,
        "importance": _importance(name, ranked) if ranked else None,
        "finding": said(above),
        "failed": [row for row in table if row["status"] == "failed"],
    }


def _row(row: dict[str, str], names: list[str]) -> list[str]:
    """Return the cells of a trial, with numbers that can be read."""
    scored = bool(row["val_accuracy"])
    return [
        row["trial"],
        percent(float(row["val_accuracy"])) if scored else "",
        f"{float(row['val_loss']):.4f}" if scored else "",
        f"{int(row['parameters']):,}" if scored else "",
        row["epochs"],
        LABELS[row["status"]],
        *(parallel.short(row[name]) for name in names),
    ]


def _importance(name: str, ranked: Any) -> Spec:
    rows = [
        {
            "name": row["hyperparameter"],
            "importance": float(row["importance"]),
            "above": float(row["p_value"]) < LEVEL,
        }
        for row in ranked
    ]
    names = [row["name"] for row in rows]
    x_axis = axis("variance lost when its values are shuffled, out of bag", tickCount=6)
    y = {"field": "name", "type": "nominal", "sort": names, "axis": axis(None, grid=False)}
    noise = [{"noise": float(ranked[0]["noise"])}]
    return chart(
        f"Importance of the hyperparameters of {name}, and what noise stays below",
        rows,
        20 * len(rows) + 10,
        layer=[
            {
                "mark": {"type": "bar", "opacity": 0.75},
                "encoding": {
                    "y": y,
                    "x": {"field": "importance", "type": "quantitative", "axis": x_axis},
                    "color": {
                        "condition": {"test": "datum.above", "value": "var(--tuned)"},
                        "value": "var(--line-strong)",
                    },
                },
            },
            {
                "data": {"values": noise},
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": "var(--ink)"},
                "encoding": {"x": {"field": "noise", "type": "quantitative"}},
            },
        ],
    )
