"""The look that all charts of the page share, as Vega-Lite specifications.

Colours are CSS variables (`templates/page.css`), so that a chart follows light, dark and print
without being drawn anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
COLOURS = {
    "tuned": "var(--tuned)",
    "baseline": "var(--baseline)",
    "new": "var(--tuned)",
    "old": "var(--baseline)",
}
CATEGORIES = [f"var(--c{number})" for number in range(1, 9)]
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
CONFIG: Spec = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--ink)",
        "titleFontWeight": "normal",
        "gridColor": "var(--line)",
        "domainColor": "var(--line-strong)",
        "tickColor": "var(--line-strong)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelLimit": 140,
    },
    "legend": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--ink)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "symbolSize": 90,
        "orient": "top",
        "columns": 3,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
    "rule": {"color": "var(--ink)"},
    "point": {"size": 60, "filled": True, "opacity": 1},
    "title": {"color": "var(--ink)", "fontSize": 13, "fontWeight": 600, "anchor": "start"},
}


def chart(description: str, rows: Sequence[Mapping[str, Any]], height: int, **parts: Any) -> Spec:
    """Return a chart as wide as its place on the page.

    Args:
        description: What a screen reader says.
        rows: The data.
        height: In pixels.
        parts: The rest of the specification: mark, encoding, layer, ...
    """
    return {
        "$schema": SCHEMA,
        "description": description,
        "data": {"values": list(rows)},
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": CONFIG,
        **parts,
    }


def categories(names: Sequence[str]) -> Spec:
    """Return the scale that gives each name a colour of its own."""
    return {"domain": list(names), "range": [CATEGORIES[i % 8] for i in range(len(names))]}


def shapes(names: Sequence[str]) -> Spec:
    """Return the scale that gives each name a shape of its own, for eyes that see no colours."""
    return {"domain": list(names), "range": [SHAPES[i % len(SHAPES)] for i in range(len(names))]}


def axis(title: str | None, form: str | None = None, **parts: Any) -> Spec:
    """Return an axis with its title and d3 number format."""
    return {"title": title, **({"format": form} if form else {}), **parts}
