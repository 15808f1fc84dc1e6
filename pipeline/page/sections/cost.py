"""What the run cost on this machine, from the record that is not in git."""

from typing import Any

from pipeline.config import dvc_yaml
from pipeline.page.charts import Spec, axis, chart
from pipeline.page.run import Run
from pipeline.running import costs


def section(run: Run) -> dict[str, Any]:
    """Return the last recorded run of each stage of this data set, and the size of the search."""
    values = dvc_yaml.flatten(run.results.params)
    dataset = values.get("dataset.name")
    last = {cost.stage: cost for cost in costs.earlier() if cost.dataset == dataset}
    names = dvc_yaml.stage_names(run.results.yaml("dvc.yaml"), values)
    found = [last[name] for name in names if name in last]
    return {
        "stages": found,
        "missing": [name for name in names if name not in last],
        "seconds": sum(cost.startup_seconds + cost.work_seconds for cost in found),
        "peak": max((cost.peak_mib for cost in found), default=0.0),
        "chart": _chart(found) if found else None,
        "searches": run.results.searches(),
    }


def _chart(found: list[costs.Cost]) -> Spec:
    rows = [
        {"stage": cost.stage, "part": part, "seconds": seconds}
        for cost in found
        for part, seconds in (("work", cost.work_seconds), ("start-up", cost.startup_seconds))
    ]
    return chart(
        "Seconds of each stage",
        rows,
        20 * len(found) + 10,
        mark={"type": "bar"},
        encoding={
            "y": {
                "field": "stage",
                "type": "nominal",
                "sort": [cost.stage for cost in found],
                "axis": axis(None),
            },
            "x": {"field": "seconds", "type": "quantitative", "axis": axis("seconds", tickCount=6)},
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {
                    "domain": ["work", "start-up"],
                    "range": ["var(--c1)", "var(--line-strong)"],
                },
                "legend": {"title": None},
            },
            "tooltip": [{"field": "stage"}, {"field": "part"}, {"field": "seconds"}],
        },
    )
