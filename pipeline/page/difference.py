"""The difference between two configurations, drawn against the margin."""

from pipeline.page.charts import Spec, axis, chart


def difference(
    estimate: float, low: float, high: float, margin: float, names: tuple[str, str]
) -> Spec:
    """Draw a difference in points with its interval, over the band that does not matter.

    Args:
        estimate: The difference in accuracy, second minus first.
        low: Lower end of its interval.
        high: Its upper end.
        margin: Differences below this do not matter.
        names: What was compared, first and second.
    """
    low, high, margin = 100 * low, 100 * high, 100 * margin
    row = {
        "difference": 100 * estimate,
        "low": low,
        "high": high,
        "minus": -margin,
        "plus": margin,
        "zero": 0,
    }
    reach = 1.1 * max(abs(low), abs(high), 1.5 * margin)
    x = {
        "type": "quantitative",
        "scale": {"domain": [-reach, reach]},
        "axis": axis(
            f"points of accuracy, {names[1]} minus {names[0]}",
            tickCount=5,
            labelExpr="datum.value == 0 ? '0' : format(datum.value, '+~')",
        ),
    }
    return chart(
        "Difference in accuracy with its 95 % interval, over the margin that does not matter",
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
                    (f"← {names[0]} better", "right", -6, "minus"),
                    (f"{names[1]} better →", "left", 6, "plus"),
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
