"""What is shown while a final training runs: epoch and validation accuracy of each seed."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text

from pipeline.running.pace import Pace, written
from pipeline.running.view import View, head

# Of many seeds, those that run and the latest of the others are shown.
MOST_ROWS = 12


@dataclass
class SeedRow:
    """One seed: epochs done, with the share of the begun one, and its latest accuracy, 0 to 1."""

    epochs: float = 0.0
    score: float | None = None
    ended: bool = False


class TrainingView(View):
    """A final training.

    Args:
        title: What runs.
        seeds: What each seed is called.
        epochs: Epochs of each.
    """

    def __init__(self, title: str, seeds: list[str], epochs: int):
        super().__init__()
        self.title, self.epochs = title, epochs
        self.rows: Mapping[str, SeedRow] = {seed: SeedRow() for seed in seeds}
        self.pace = Pace()
        self.reused = 0
        self._free = 0.0  # epochs that cost nothing, because they were computed before

    def report(self, seed: str, epochs: float, score: float | None) -> None:
        """Show how far a seed is; `score` is None within an epoch."""
        with self.lock:
            row = self.rows[seed]
            row.epochs, row.score = epochs, row.score if score is None else score
            self.pace.report(self._done())
        self.changed()

    def end(
        self, seed: str, epochs: int, score: float | None, reused: bool, seconds: float
    ) -> None:
        """Show that a seed has ended.

        Args:
            seed: What it is called.
            epochs: The epochs that it had.
            score: Validation accuracy of its model, 0 to 1.
            reused: Whether it was computed earlier.
            seconds: Wall time it took when it was computed.
        """
        with self.lock:
            row = self.rows[seed]
            row.epochs, row.score, row.ended = epochs, score, True
            if reused:
                self.reused += 1
                self._free += epochs
            else:
                self.pace.ended(seconds)
        self.changed()

    def left(self) -> float | None:
        """Return the seconds that are left; None if that is not known yet."""
        rows = self.rows.values()
        return self.pace.left(
            self._done(), sum(self.epochs - row.epochs for row in rows if not row.ended)
        )

    def lines(self, width: int) -> list[Text]:
        """Return what a terminal shows."""
        shown = [name for name, row in self.rows.items() if row.epochs]
        quiet = [name for name in shown if self.rows[name].ended]
        hidden = set(quiet[: max(len(shown) - MOST_ROWS, 0)])
        parts = [1.0 if row.ended else row.epochs / self.epochs for row in self.rows.values()]
        share = sum(parts) / len(parts)
        ended = sum(row.ended for row in self.rows.values())
        first = head(self.title, ended, len(self.rows), "seeds", share, written(self.left()), width)
        return [first, *(self._row(name) for name in shown if name not in hidden)]

    def line(self) -> str:
        """Return the same in one line."""
        ended = [name for name, row in self.rows.items() if row.ended]
        running = [
            f"{name} in epoch {self._epoch(row)}/{self.epochs}{_accuracy(row)}"
            for name, row in self.rows.items()
            if row.epochs and not row.ended
        ]
        reused = [f"{self.reused} reused"] if self.reused else []
        left = [written(self.left())] if running else []
        parts = [f"{len(ended)}/{len(self.rows)} seeds", *reused, *running, *left]
        return f"{self.title}: {', '.join(filter(None, parts))}"

    def _row(self, name: str) -> Text:
        row = self.rows[name]
        epoch = int(row.epochs) if row.ended else self._epoch(row)
        text = f"  {name:<8}  epoch {epoch:>3}/{self.epochs}"
        return Text(text + _accuracy(row) + ("  done" if row.ended else ""))

    def _epoch(self, row: SeedRow) -> int:
        return min(int(row.epochs) + 1, self.epochs)

    def _done(self) -> float:
        return sum(row.epochs for row in self.rows.values()) - self._free


def _accuracy(row: SeedRow) -> str:
    return "" if row.score is None else f", validation accuracy {row.score:.4f}"
