"""The difference between two configurations, drawn against the margin."""

from pipeline.page.charts import Spec, axis, chart
from pipeline.statistics.by_image import LABELS, Metric


def difference(
    metric: Metric,
    estimate: float,
    interval: tuple[float, float],
    margin: float,
    names: tuple[str, str],
) -> Spec:
    """Draw a difference in points with its interval, over the band that does not matter.

    Args:
        metric: The score that was compared.
        estimate: The difference in it, second minus first.
        interval: Both ends of its interval.
        margin: Differences below this do not matter.
        names: What was compared, first and second.
    """
    low, high, margin = (100 * value for value in (*interval, margin))
    less, more = names
    if metric == "log_loss":  # of which less is better, in hundredths of a nat
        less, more = names[1], names[0]
    row = {
        "difference": 100 * estimate,
        "low": low,
        "high": high,
        "minus": -margin,
        "plus": margin,
        "zero": 0,
    }
    reach = 1.1 * max(abs(low), abs(high), 1.5 * margin)
    unit = "nats / 100" if metric == "log_loss" else f"points of {LABELS[metric]}"
    x = {
        "type": "quantitative",
        "scale": {"domain": [-reach, reach]},
        "axis": axis(
            f"{unit}, {names[1]} minus {names[0]}",
            tickCount=5,
            labelExpr="datum.value == 0 ? '0' : format(datum.value, '+~')",
        ),
    }
    return chart(
        f"Difference in {LABELS[metric]}, its 95 % interval, and the margin that does not matter",
        [row],
        72,
        layer=[
            {
                "mark": {"type": "rect", "color": "var(--band)"},
                "encoding": {"x": {**x, "field": "minus"}, "x2": {"field": "plus"}},
            },
            {
                "mark": {"type": "rule", "strokeDash": [4, 3], "color": "var(--muted)"},
                "encoding": {"x": {**x, "field": "zero"}},
            },
            *(
                {
                    "mark": {
                        "type": "text",
                        "text": text,
                        "align": align,
                        "dx": shift,
                        "y": 10,
                        "color": "var(--muted)",
                    },
                    "encoding": {"x": {**x, "field": end}},
                }
                for text, align, shift, end in (
                    (f"← {less} better", "right", -6, "minus"),
                    (f"{more} better →", "left", 6, "plus"),
                )
            ),
            {
                "mark": {"type": "rule", "strokeWidth": 3, "color": "var(--tuned)", "y": 46},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "size": 110, "color": "var(--tuned)", "y": 46},
                "encoding": {"x": {**x, "field": "difference"}},
            },
        ],
    )
