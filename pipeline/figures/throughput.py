"""Speed and memory of training against the batch size."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.figures.canvas import picture

if TYPE_CHECKING:
    from pipeline.throughput import Measured


def draw(name: str, found: Sequence["Measured"], path: Path) -> None:
    """Draw images a second, with the range of the repetitions, and the peak of memory."""
    sizes = [entry.batch_size for entry in found]
    with picture(path, 1, 2, (9, 3.6)) as grid:
        speed, memory = grid[0]
        low = [min(entry.speeds) for entry in found]
        high = [max(entry.speeds) for entry in found]
        speed.fill_between(sizes, low, high, alpha=0.25)
        speed.plot(sizes, [entry.speed for entry in found], marker="o")
        speed.set_title(f"{name}: training, images a second")
        memory.plot(sizes, [entry.peak_mib for entry in found], marker="o", color="tab:orange")
        memory.set_title(f"{name}: peak memory in MiB")
        for axes in (speed, memory):
            axes.set_xscale("log", base=2)
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.set_xlabel("batch size")
            axes.set_ylim(bottom=0)
            axes.grid(alpha=0.3)
