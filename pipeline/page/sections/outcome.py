"""What was asked, and what came out."""

from collections.abc import Mapping
from typing import Any

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.config.shapes import SelectMetrics
from pipeline.evaluation.metrics import YARDSTICKS, beside_yardsticks
from pipeline.evaluation.notes import notes
from pipeline.evaluation.summary import choice_lines
from pipeline.page.charts import COLOURS, Spec, axis, chart
from pipeline.page.difference import difference
from pipeline.page.run import NAMES, Run
from pipeline.page.wording import NARROW, change, score
from pipeline.statistics.by_image import LABELS, Metric
from pipeline.training.specification import UNTUNED

MEANING = {
    "better": "The search found something better than the baseline's recipe.",
    "worse": "The baseline's recipe is the better one.",
    "equivalent": "Any difference is smaller than what matters.",
    "undecided": "The numbers allow for more than one answer; more seeds or images would tell.",
}
SAME = "Every prediction is the same, image for image."


def section(run: Run) -> dict[str, Any]:
    """Return the scores of all models, the verdict, and the notes."""
    metrics = run.metrics
    yardsticks = metrics.get("yardsticks", {})
    names = [*NAMES, *({UNTUNED} & metrics.keys())]
    rows = [{"name": name, **metrics[name]} for name in names]
    rows += [
        {"name": YARDSTICKS[key], **yardsticks[key]} for key in YARDSTICKS if key in yardsticks
    ]
    search = metrics["tuned_against_baseline"]
    select = run.results.json((paths.SELECT / "metrics.json").as_posix(), SelectMetrics)
    return {
        "rows": rows,
        "search": search,
        "margin": score(search["metric"], search["margin"]),
        "winner": metrics[NAMES[0]],
        "sentence": sentence(run),
        "meaning": SAME if _same(search) else MEANING.get(search["verdict"], ""),
        "choice": choice_lines(metrics, select),
        "behind": beside_yardsticks(metrics),
        "notes": _notes(),
        "scores": _scores(rows),
        "difference": difference(
            search["metric"],
            search["difference"],
            search["difference_interval"],
            search["margin"],
            ("baseline", "tuned"),
        ),
    }


def _same(search: Mapping[str, Any]) -> bool:
    return not (search["fixed"] or search["broken"] or any(search["difference_interval"]))


def _notes() -> list[str]:
    """Return what the summary warns of; of results of an older version, why it cannot."""
    if not paths.SETTINGS.exists():
        return []
    try:
        return notes()
    except ConvoyError as error:
        return [str(error)]


def sentence(run: Run) -> str:
    """Write the verdict in one sentence, with the numbers that the table shows."""
    search = run.metrics["tuned_against_baseline"]
    metric: Metric = search["metric"]
    low, high = (change(metric, end) for end in search["difference_interval"])
    if min(run.seeds.values()) > 1:
        seeds = " and ".join(dict.fromkeys(str(number) for number in run.seeds.values()))
        of = f"in the mean of {seeds} seeds"
    else:
        of = "one trained model of each"
    unit = "" if metric == "log_loss" else " points"
    return (
        f"{search['verdict'].capitalize()}: {of}, the {LABELS[metric]} of tuned is "
        f"{score(metric, search['tuned'])} and that of baseline "
        f"{score(metric, search['baseline'])}, a difference of "
        f"{change(metric, search['difference'])}{unit} (95{NARROW}% interval {low} to {high})."
    )


def _scores(rows: list[dict[str, Any]]) -> Spec:
    """Draw each accuracy with its interval; the majority class is far off and left to the table."""
    shown = [row for row in rows if row["name"] != YARDSTICKS["largest_class"]]
    data = [
        {
            "name": row["name"],
            "accuracy": row["accuracy"],
            "low": row["accuracy_interval"][0],
            "high": row["accuracy_interval"][1],
        }
        for row in shown
    ]
    names = [row["name"] for row in shown]
    y = {"field": "name", "type": "nominal", "sort": names, "axis": axis(None, grid=False)}
    x_axis = axis("test accuracy of the released model", "~%", tickCount=4, labelOverlap=True)
    colour = {
        "field": "name",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": names, "range": [COLOURS.get(n, "var(--muted)") for n in names]},
    }
    x = {"field": "low", "type": "quantitative", "scale": {"zero": False}, "axis": x_axis}
    return chart(
        "Accuracy on the test images with 95 % intervals",
        data,
        34 * len(shown) + 10,
        encoding={"y": y, "color": colour},
        layer=[
            {
                "mark": {"type": "rule", "strokeWidth": 3},
                "encoding": {"x": x, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "size": 110},
                "encoding": {"x": {"field": "accuracy", "type": "quantitative"}},
            },
            {
                "mark": {"type": "text", "dy": -11},
                "encoding": {
                    "x": {"field": "accuracy", "type": "quantitative"},
                    "text": {"field": "accuracy", "format": ".2%"},
                    "color": {"value": "var(--ink)"},
                },
            },
        ],
    )
