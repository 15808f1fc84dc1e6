"""What a final training shows while it runs: in the terminal, and in TensorBoard."""

import json
from collections.abc import Sequence
from pathlib import Path

import keras

from pipeline.base import paths
from pipeline.board.runs import Runs
from pipeline.running.final import TrainingView
from pipeline.training.seeds import FinalSeed
from pipeline.training.work import Finished, Report


class Watch:
    """Shows a training, within a `with` of its `view`. Nothing that decides anything reads it.

    Args:
        name: `tuned`, `baseline` or `untuned`.
        seeds: What is trained.
        model: The model, for its graph; its weights do not matter.
    """

    def __init__(self, name: str, seeds: Sequence[FinalSeed], model: keras.Model):
        titles = [seed.title for seed in seeds]
        self.view = TrainingView(f"train {name}", titles, seeds[0].epochs)
        self.runs = Runs(paths.TENSORBOARD / "final" / name)
        self.runs.graph("model", json.loads(model.to_json()))

    def report(self, seed: FinalSeed, report: Report) -> None:
        """Show how far a seed is."""
        self.view.report(seed.title, report.epochs, report.row.val_accuracy if report.row else None)
        if report.row:
            self.runs.epoch(_run(seed), int(report.epochs), report.row, report.weights)

    def end(self, seed: FinalSeed, finished: Finished) -> None:
        """Show that a seed has ended."""
        result = finished.result
        epochs = len(result.curve)
        self.view.end(seed.title, epochs, result.val_accuracy, finished.reused, finished.seconds)
        self.runs.end(_run(seed), result.curve)

    def shown(self, *results: Path) -> None:
        """Write down that TensorBoard shows what is in these results."""
        self.runs.shown(*results)


def _run(seed: FinalSeed) -> str:
    return f"seed-{seed.seed}"
