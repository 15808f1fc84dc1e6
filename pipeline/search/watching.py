"""What a search shows while it runs: in the terminal, and in TensorBoard."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_tuner import HyperParameters

from pipeline.board.runs import Runs
from pipeline.config.conditions import Conditions
from pipeline.config.params import Tune
from pipeline.running.searching import SearchView, TrialRow
from pipeline.search import oracles
from pipeline.search.records import Record, TrialSpec
from pipeline.training.work import Report
from pipeline.workers.executor import InFlight


class Watch:
    """Shows a search, within a `with` of its `view`. Nothing that decides anything reads it.

    Args:
        architecture: Its name.
        tune: How it searches.
        conditions: How every model is fitted.
        space: Every hyperparameter.
        folder: For TensorBoard.
    """

    def __init__(
        self,
        architecture: str,
        tune: Tune,
        conditions: Conditions,
        space: HyperParameters,
        folder: Path,
    ):
        self.defaults = {entry.name: entry.default for entry in space.space}
        planned = oracles.planned(tune, space, conditions.continuable)
        self.view = SearchView(f"tune {architecture}", planned)
        self.runs = Runs(folder)

    def report(self, flight: InFlight, report: Report) -> None:
        """Show how far a trial is."""
        spec = flight.work
        assert isinstance(spec, TrialSpec)
        row = self._row(spec, flight.epochs)
        row.score = flight.val_accuracy
        self.view.report(row)
        self._begin(spec)
        if report.row:
            self.runs.epoch(_run(spec), int(report.epochs), report.row, report.weights)

    def record(self, record: Record) -> None:
        """Show what came out of a trial."""
        spec, result, finished = record.spec, record.result, record.finished
        row = self._row(spec, len(result.curve))
        row.score, row.parameters = result.val_accuracy, result.parameters
        self.view.end(row, result.status, finished.reused, finished.seconds, bool(spec.stop_below))
        self._begin(spec)
        self.runs.end(_run(spec), result.curve, failed=result.status == "failed")

    def shown(self, table: Path) -> None:
        """Write down that TensorBoard shows what is in a trial table."""
        self.runs.shown(table)

    def _begin(self, spec: TrialSpec) -> None:
        self.runs.begin(_run(spec), f"{spec.architecture}-{spec.number}", spec.values)

    def _row(self, spec: TrialSpec, epochs: float) -> TrialRow:
        values = words(spec.values, self.defaults)
        first = min(spec.resume_from, int(epochs))
        return TrialRow(spec.number, spec.epochs, values, epochs, first=first)


def words(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Write a trial's hyperparameters as words, those alone that are not the recipe's."""
    changed = {name: value for name, value in values.items() if value != defaults.get(name)}
    shown = (
        f"{value:.3g}" if isinstance(value, float) else str(value) for value in changed.values()
    )
    return [f"{name}={text}" for name, text in zip(changed, shown, strict=True)] or ["the recipe"]


def _run(spec: TrialSpec) -> str:
    return f"trial-{spec.number:04d}"
