"""Parallel coordinates of the trials of one search, laid out for `templates/parallel.js`."""

from collections.abc import Mapping, Sequence
from typing import Any

SCORE = "validation accuracy"
# More different values than these are marked on their axis by the ends only.
MOST_LABELS = 6
MOST_LETTERS = 10


def coordinates(rows: Sequence[Mapping[str, str]], names: Sequence[str]) -> dict[str, Any]:
    """Return axes, and a line through them for each trial.

    Args:
        rows: Trials with a validation accuracy.
        names: Their hyperparameters; those with one value for all trials get no axis.

    Returns:
        `axes` with name and labels (text and place from 0, bottom, to 1), and `lines` with the
        trial's number, its score, a place on each axis (None where it is not active) and values.
    """
    shown = [name for name in names if len({row[name] for row in rows}) > 1]
    columns = [*([row[name] for row in rows] for name in shown)]
    axes = [_axis(name, column) for name, column in zip(shown, columns, strict=True)]
    scores = [float(row["val_accuracy"]) for row in rows]
    axes.append(_score_axis(scores))
    lines = []
    for number, row in enumerate(rows):
        values = [column[number] for column in columns]
        places = [axis["place"].get(value) for axis, value in zip(axes, values, strict=False)]
        places.append(_unit(scores[number], scores))
        texts = [short(value) if value else "not active" for value in values]
        lines.append(
            {
                "trial": int(row["trial"]),
                "score": scores[number],
                "places": places,
                "values": [*texts, f"{100 * scores[number]:.2f} %"],
            }
        )
    kept = [{"name": axis["name"], "labels": axis["labels"]} for axis in axes]
    return {"axes": kept, "lines": lines}


def _axis(name: str, column: Sequence[str]) -> dict[str, Any]:
    """Lay the values of one hyperparameter out evenly, in the order of numbers or the alphabet.

    Evenly, because learning rates are searched on a logarithmic scale and filters in powers of 2.
    """
    present = set(filter(None, column))
    try:
        order = sorted(present, key=float)
    except ValueError:
        order = sorted(present)
    last = max(1, len(order) - 1)
    place = {
        value: (number / last if len(order) > 1 else 0.5) for number, value in enumerate(order)
    }
    marked = order if len(order) <= MOST_LABELS else [order[0], order[-1]]
    labels = [{"text": short(value), "at": place[value]} for value in marked]
    return {"name": name, "labels": labels, "place": place}


def _score_axis(scores: Sequence[float]) -> dict[str, Any]:
    ends = sorted({min(scores), max(scores)})
    labels = [{"text": f"{100 * end:.1f} %", "at": _unit(end, scores)} for end in ends]
    return {"name": SCORE, "labels": labels, "place": {}}


def _unit(value: float, values: Sequence[float]) -> float:
    low, high = min(values), max(values)
    return (value - low) / (high - low) if high > low else 0.5


def short(value: str) -> str:
    """Write a number with three digits, and cut a long name."""
    try:
        return f"{float(value):.3g}"
    except ValueError:
        return value if len(value) <= MOST_LETTERS else f"{value[: MOST_LETTERS - 1]}…"
