"""The learning curves: loss and accuracy over the epochs, for training and validation."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipeline.figures.canvas import BLUE, RED, picture

Curves = Sequence[Mapping[str, str]]
# Told apart without colour, too.
STYLES = {"train": (BLUE, "-"), "validation": (RED, "--")}


def draw(curves: Mapping[str, Curves], path: Path) -> None:
    """Draw one column for each model; a thin line is one seed, a thick one their mean.

    Args:
        curves: For each model its rows with seed, epoch, loss, accuracy, val_loss, val_accuracy.
        path: The PNG file.
    """
    with picture(path, 2, len(curves), (4 * len(curves), 5.5)) as grid:
        title = "mean of the seeds (thick) and each seed (thin)"
        grid[0, 0].figure.suptitle(title, fontsize=10)
        for column, (name, rows) in enumerate(curves.items()):
            for axes, quantity in zip(grid[:, column], ("loss", "accuracy"), strict=True):
                _draw_quantity(axes, rows, quantity)
                axes.set_title(name)
                axes.set_ylabel(quantity)
        for row in grid:
            limits = [axes.get_ylim() for axes in row]
            for axes in row:
                axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _draw_quantity(axes: Axes, rows: Curves, quantity: str) -> None:
    for part, prefix in (("train", ""), ("validation", "val_")):
        colour, dashes = STYLES[part]
        by_epoch: dict[int, list[float]] = {}
        by_seed: dict[str, list[tuple[int, float]]] = {}
        for row in rows:
            epoch, value = int(row["epoch"]), float(row[prefix + quantity])
            by_epoch.setdefault(epoch, []).append(value)
            by_seed.setdefault(row["seed"], []).append((epoch, value))
        for points in by_seed.values():
            axes.plot(*zip(*points, strict=True), dashes, color=colour, linewidth=0.6, alpha=0.6)
        means = [float(np.mean(values)) for values in by_epoch.values()]
        axes.plot(list(by_epoch), means, dashes, color=colour, linewidth=2, label=part)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
