"""The picture of one search: its history, the cost of its trials, and the values that did well."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from pipeline.figures.canvas import BLUE, RED, caption, panels
from pipeline.search.importance import Ranked, encode, finding

Row = Mapping[str, str]
STATUSES = {"completed": ("o", BLUE), "stopped": ("s", RED), "failed": ("x", "black")}
# More axes side by side cannot be read.
MOST_NAMES = 10
# If the largest network is less than so many times the smallest, 20 k and 50 k are marked too.
FEW_DECADES = 30
GREY = "#B0B0B0"  # what does not stand above noise
# The best trial is the darkest and drawn last.
SHADES = colormaps["Blues"]


def draw(
    rows: Sequence[Row],
    names: Sequence[str],
    ranked: Sequence[Ranked],
    title: str,
    path: Path,
) -> None:
    """Draw the trials of one search: over time, against size, their values, what mattered.

    Args:
        rows: The trial table.
        names: Its hyperparameters.
        ranked: Each hyperparameter's permutation importance, highest first; empty if there are too
            few trials to say.
        title: The title above the panels.
        path: PNG file to write.
    """
    scored = [row for row in rows if row["val_accuracy"]]
    varying = [name for name in names if len({row[name] for row in scored}) > 1]
    shown = ([row.name for row in ranked] or varying)[:MOST_NAMES]
    rest = len(varying) - len(shown)
    mosaic = [["history", "cost"], ["values", "values"]]
    heights = [3.2, 4.2]
    if ranked:
        mosaic.append(["ranking", "ranking"])
        heights.append(1 + 0.22 * len(shown))
    with panels(path, mosaic, (8.5, sum(heights)), heights) as axes:
        axes["history"].figure.suptitle(title)
        _history(axes["history"], rows)
        _cost(axes["cost"], scored)
        _parallel(axes["values"], scored, shown)
        if rest:
            axes["values"].set_xlabel(f"{rest} more hyperparameters are in the table of trials")
        if ranked:
            _ranking(axes["ranking"], ranked[:MOST_NAMES])
        else:
            axes["values"].figure.supxlabel(finding(ranked), fontsize=9)


def _history(axes: Axes, rows: Sequence[Row]) -> None:
    for status, (marker, colour) in STATUSES.items():
        chosen = [row for row in rows if row["status"] == status]
        if not chosen:
            continue
        numbers = [int(row["trial"]) for row in chosen]
        if status == "failed":
            # Below all scores: a failed trial has none.
            place = axes.get_xaxis_transform()
            zeros = np.full(len(chosen), 0.03)
            axes.scatter(numbers, zeros, marker=marker, c=colour, label=status, transform=place)
        else:
            axes.scatter(numbers, _scores(chosen), s=20, c=colour, marker=marker, label=status)
    completed = [row for row in rows if row["status"] == "completed"]
    numbers = [int(row["trial"]) for row in completed]
    best = np.maximum.accumulate(np.array(_scores(completed)))
    axes.step(numbers, best, where="post", color=BLUE, label="best so far")
    axes.set(xlabel="trial", ylabel="validation accuracy", title="trials")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=8)


def _cost(axes: Axes, rows: Sequence[Row]) -> None:
    by_epochs: dict[int, list[Row]] = {}
    for row in rows:
        by_epochs.setdefault(int(row["epochs"]), []).append(row)
    shades = SHADES(np.linspace(1, 0.4, len(by_epochs)))
    for epochs, shade in zip(sorted(by_epochs, reverse=True), shades, strict=True):
        chosen = by_epochs[epochs]
        parameters = [int(row["parameters"]) for row in chosen]
        axes.scatter(parameters, _scores(chosen), 20, [shade], label=f"{epochs} epochs")
    axes.set(xscale="log", xlabel="parameters", title="score against size")
    sizes = [int(row["parameters"]) for row in rows]
    if sizes and max(sizes) < FEW_DECADES * min(sizes):
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    if len(by_epochs) > 1:
        axes.legend(fontsize=8)


def _parallel(axes: Axes, rows: Sequence[Row], names: Sequence[str]) -> None:
    """Draw one line for each trial through its values; each axis has its values written on it."""
    axes.set_title("values of each trial; the best is the darkest")
    axes.set(yticks=[], ylim=(-0.12, 1.12), xlim=(-0.4, len(names) + 0.4))
    axes.spines[:].set_visible(False)
    columns = [_Column([row[name] for row in rows]) for name in names]
    scores = np.array(_scores(rows))
    points = np.column_stack([*(column.places for column in columns), _unit(scores)])
    # By rank: one trial at chance would make all the others look alike.
    order = np.argsort(scores, kind="stable")
    for trial, shade in zip(order, np.linspace(0.3, 1, len(order)), strict=True):
        axes.plot(points[trial], color=SHADES(shade), linewidth=0.5 + 2 * shade)
    for place, column in enumerate(columns):
        axes.axvline(place, color="black", linewidth=0.5)
        for height, text in column.labels:
            axes.text(place, height, text, fontsize=7.5, va="center", ha="center", bbox=LABEL)
    axes.axvline(len(names), color="black", linewidth=0.5)
    if rows:
        for height, score in zip((-0.06, 1.06), (scores.min(), scores.max()), strict=True):
            axes.text(len(names), height, f"{score:.4g}", fontsize=7.5, va="center", ha="center")
    axes.set_xticks(
        range(len(names) + 1), [*names, "validation accuracy"], rotation=30, ha="right", fontsize=8
    )


LABEL = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
MOST_LABELS = 5


class _Column:
    """One hyperparameter's values in all trials: their places from 0 to 1, and texts at places."""

    def __init__(self, values: Sequence[str]):
        ranks = encode(values)
        self.places = _unit(ranks)
        at = {float(place): text or "–" for place, text in zip(self.places, values, strict=True)}
        heights = sorted(at)
        if len(heights) > MOST_LABELS:
            heights = [heights[0], heights[-1]]
        self.labels = [(height, _short(at[height])) for height in heights]


def _short(value: str) -> str:
    try:
        return f"{float(value):.3g}"
    except ValueError:
        return caption(value)


def _ranking(axes: Axes, ranked: Sequence[Ranked]) -> None:
    rows = [*reversed(ranked)]
    colours = [BLUE if row.above_noise else GREY for row in rows]
    axes.barh([row.name for row in rows], [row.importance for row in rows], color=colours)
    axes.axvline(rows[0].noise, color="black", linestyle="--", linewidth=1)
    axes.tick_params(labelsize=8)
    axes.set_title(f"permutation importance, out of bag; {finding(ranked)}", fontsize=10)
    axes.set_xlabel("variance lost when shuffled; dashed: noise stays below in 95 of 100 searches")


def _scores(rows: Sequence[Row]) -> list[float]:
    return [float(row["val_accuracy"]) for row in rows]


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
