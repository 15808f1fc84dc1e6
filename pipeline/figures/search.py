"""The picture of one search: its history, the cost of its trials, and the values that did well."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pipeline.figures.canvas import picture
from pipeline.search.importance import encode

Row = Mapping[str, str]
COLOURS = {"completed": "tab:blue", "stopped": "tab:orange"}


def draw(
    rows: Sequence[Row],
    names: Sequence[str],
    ranked: Sequence[tuple[str, float, float]],
    title: str,
    path: Path,
) -> None:
    """Draw four panels about the trials of one search.

    Args:
        rows: The trial table.
        names: Its hyperparameters.
        ranked: Each hyperparameter's permutation importance, mean and spread, highest first.
        title: The title above the panels.
        path: PNG file to write.
    """
    scored = [row for row in rows if row["val_accuracy"]]
    with picture(path, 2, 2, (12, 9)) as grid:
        grid[0, 0].figure.suptitle(title)
        _history(grid[0, 0], rows)
        _cost(grid[0, 1], scored)
        _parallel(grid[1, 0], scored, [name for name, _, _ in ranked] or list(names))
        _ranking(grid[1, 1], ranked)


def _history(axes: Axes, rows: Sequence[Row]) -> None:
    for status, colour in COLOURS.items():
        chosen = [row for row in rows if row["status"] == status]
        numbers = [int(row["trial"]) for row in chosen]
        axes.scatter(numbers, _scores(chosen), color=colour, label=status, s=18)
    failed = [int(row["trial"]) for row in rows if row["status"] == "failed"]
    axes.plot(failed, np.zeros(len(failed)), "x", color="tab:red", label="failed")
    best = [_score(row) if row["status"] == "completed" else 0.0 for row in rows]
    axes.step([int(row["trial"]) for row in rows], np.maximum.accumulate(best), where="post")
    axes.set(xlabel="trial", ylabel="validation accuracy", title="trials and the best so far")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()


def _cost(axes: Axes, rows: Sequence[Row]) -> None:
    parameters = [int(row["parameters"]) for row in rows]
    epochs = [int(row["epochs"]) for row in rows]
    points = axes.scatter(parameters, _scores(rows), c=epochs, cmap="viridis", s=24)
    axes.figure.colorbar(points, ax=axes, label="epochs", ticks=sorted(set(epochs)))
    axes.set(
        xscale="log",
        xlabel="parameters",
        ylabel="validation accuracy",
        title="score against size and epochs",
    )


def _parallel(axes: Axes, rows: Sequence[Row], names: Sequence[str]) -> None:
    """Draw one line for each trial through its values, each scaled from lowest to highest."""
    columns = [encode([row[name] for row in rows]) for name in names]
    shades = _unit(np.array(_scores(rows)))
    scaled = np.column_stack([*map(_unit, columns), shades])
    for line, shade in zip(scaled, shades, strict=True):
        axes.plot(line, color=colormaps["viridis"](shade), alpha=0.3 + 0.7 * shade)
    axes.set_xticks(range(len(names) + 1), [*names, "val_accuracy"], rotation=60, ha="right")
    axes.set_yticks([0, 1], ["lowest", "highest"])
    axes.set_title("values of each trial; yellow is best")


def _ranking(axes: Axes, ranked: Sequence[tuple[str, float, float]]) -> None:
    axes.set_title("permutation importance")
    if not ranked:
        axes.text(0.5, 0.5, "too few trials", ha="center", transform=axes.transAxes)
        return
    names, means, spreads = zip(*reversed(ranked), strict=True)
    axes.barh(names, means, xerr=spreads)
    axes.set_xlabel("explained variance lost when shuffled")


def _scores(rows: Sequence[Row]) -> list[float]:
    return [_score(row) for row in rows]


def _score(row: Row) -> float:
    return float(row["val_accuracy"])


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
