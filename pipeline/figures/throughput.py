"""Speed and memory of training against the batch size."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.figures.canvas import picture


def draw(
    name: str,
    sizes: Sequence[int],
    speeds: Sequence[Sequence[float]],
    peaks: Sequence[float],
    path: Path,
) -> None:
    """Draw, for each batch size, the speed with the range of its repetitions, and the memory.

    Args:
        name: Name of the architecture.
        sizes: Batch sizes, rising.
        speeds: Images a second, one sequence of repetitions a batch size.
        peaks: Peak memory in MiB.
        path: File to write.
    """
    with picture(path, 1, 2, (9, 3.6)) as grid:
        speed, memory = grid[0]
        speed.fill_between(sizes, np.min(speeds, axis=1), np.max(speeds, axis=1), alpha=0.25)
        speed.plot(sizes, np.median(speeds, axis=1), marker="o")
        speed.set_title(f"{name}: training, images a second")
        memory.plot(sizes, peaks, marker="o", color="tab:orange")
        memory.set_title(f"{name}: peak memory in MiB")
        for axes in (speed, memory):
            axes.set_xscale("log", base=2)
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.set_xlabel("batch size")
            axes.set_ylim(bottom=0)
            axes.grid(alpha=0.3)
