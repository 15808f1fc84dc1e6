"""What is shown while a search runs: the trials in flight, the best so far, the time left."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from pipeline.running.pace import Pace, written
from pipeline.running.view import View, fitted, head

# Rows of the best trials.
BEST = 5


@dataclass
class TrialRow:
    """One trial.

    Attributes:
        number: As in the trial table.
        total: Epochs that it is to have.
        values: Its hyperparameters as words, such as units=64.
        epochs: Epochs done, with the share of the one that has begun.
        score: Validation accuracy, 0 to 1; None before the first epoch's end.
        parameters: Number of parameters; None while it runs.
        first: Epochs that another trial had done, from which this one goes on.
    """

    number: int
    total: int
    values: Sequence[str]
    epochs: float = 0.0
    score: float | None = None
    parameters: int | None = None
    first: int = 0


class SearchView(View):
    """A search.

    Args:
        title: What runs.
        planned: Epochs of each trial that is planned, without those that it takes from another.
    """

    def __init__(self, title: str, planned: Sequence[int]):
        super().__init__()
        self.title, self.planned = title, planned
        self.running: dict[int, TrialRow] = {}
        self.ended: list[TrialRow] = []
        self.best: list[TrialRow] = []
        self.counts = {"reused": 0, "stopped": 0, "failed": 0}
        self.pace = Pace()
        self.computed = 0.0  # epochs of ended trials that were computed in this run
        self._stoppable, self._ran = 0, 0

    def report(self, row: TrialRow) -> None:
        """Show how far a trial is."""
        with self.lock:
            self.running[row.number] = row
            self.pace.report(self._done())
        self.changed()

    def end(
        self, row: TrialRow, status: str, reused: bool, seconds: float, stoppable: bool
    ) -> None:
        """Show that a trial has ended.

        Args:
            row: The trial.
            status: As in `Result`.
            reused: Whether it was computed earlier.
            seconds: Wall time it took when it was computed.
            stoppable: Whether it could have been stopped early.
        """
        with self.lock:
            self.running.pop(row.number, None)
            self.ended.append(row)
            if reused:
                self.counts["reused"] += 1
            else:
                self.computed += row.epochs - row.first
                self.pace.ended(seconds)
            if status in self.counts:
                self.counts[status] += 1
            if stoppable:
                self._stoppable += row.total
                self._ran += int(row.epochs)
            if status == "completed":
                self.best = sorted([*self.best, row], key=_rank)[:BEST]
        self.changed()

    def close(self) -> None:
        """Take it that no more trials come: a grid may be smaller than was planned."""
        self.planned = self.planned[: len(self.ended)]
        self.running.clear()

    def left(self) -> float | None:
        """Return the seconds that are left; None if that is not known yet."""
        # Trials end in the order of their numbers, for this view as for the search.
        waiting = sum(self.planned[len(self.ended) :])
        share = self._ran / self._stoppable if self._stoppable else 1.0
        running = sum(row.epochs - row.first for row in self.running.values())
        return self.pace.left(self._done(), max(waiting * share - running, 0.0))

    def lines(self, width: int) -> list[Text]:
        """Return what a terminal of this many columns shows."""
        lines = [self._head(width)]
        if self.running:
            lines += [Text("in flight", "bold"), *self._in_flight(width)]
        if self.best:
            lines.append(Text("best so far", "bold"))
            lines += [_ended(row, width) for row in self.best]
        return [*lines, *([Text(counts, "bright_black")] if (counts := self._counts()) else [])]

    def brief(self, width: int) -> list[Text]:
        """Return how far it is, and the trials in flight."""
        return [self._head(width), *self._in_flight(width)]

    def _in_flight(self, width: int) -> list[Text]:
        return [_running(row, width) for _, row in sorted(self.running.items())]

    def _head(self, width: int) -> Text:
        total = sum(self.planned) or 1
        done = sum(self.planned[: len(self.ended)])
        running = sum(row.epochs - row.first for row in self.running.values())
        share = (done + running) / total
        left = written(self.left())
        return head(self.title, len(self.ended), len(self.planned), "trials", share, left, width)

    def line(self) -> str:
        """Return the same in one line."""
        best = f"best validation accuracy {self.best[0].score:.4f}" if self.best else "none yet"
        running = [f"{len(self.running)} running"] if self.running else []
        left = [written(self.left())] if self.running else []
        parts = [f"{len(self.ended)}/{len(self.planned)} trials", best, *running, self._counts()]
        return f"{self.title}: {', '.join(filter(None, [*parts, *left]))}"

    def _done(self) -> float:
        return self.computed + sum(row.epochs - row.first for row in self.running.values())

    def _counts(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)


def _rank(row: TrialRow) -> tuple[float, int]:
    return -(row.score or 0.0), row.number


def _running(row: TrialRow, width: int) -> Text:
    score = "      " if row.score is None else f"{row.score:.4f}"
    # The epoch that it is in: from 1, as everywhere.
    epoch = min(int(row.epochs) + 1, row.total)
    # Trained, but the search hears of trials in their order.
    where = "trained    " if row.epochs >= row.total else f"epoch {epoch:>2}/{row.total:<2}"
    start = f"  {row.number:>3}  {where}  {score}  "
    return Text(start + fitted(row.values, width - len(start)))


def _ended(row: TrialRow, width: int) -> Text:
    parameters = "" if row.parameters is None else f"{row.parameters:,}"
    start = f"  {row.number:>3}  {parameters:>11}  {row.score or 0:.4f}  "
    return Text(start + fitted(row.values, width - len(start)))
