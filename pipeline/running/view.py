"""What is shown while trainings run: redrawn in a terminal, a line now and then in a log."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from pipeline.running import terminal

# Redrawn this often, so that one sees that it is alive; more would take time from the trainings.
REDRAWN_A_SECOND = 2
BAR = 24


class View(ABC):
    """A context manager that shows `lines` until it ends. Threads may change what it shows.

    Attributes:
        lock: To be held while what is shown is changed.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._logged = time.monotonic()
        self._live: Live | None = None

    @abstractmethod
    def lines(self, width: int) -> Sequence[Text]:
        """Return what a terminal of this many columns shows."""

    def brief(self, width: int) -> Sequence[Text]:
        """Return the most important of `lines`, where other views are shown beside this one."""
        return self.lines(width)

    @abstractmethod
    def line(self) -> str:
        """Return the same in one line, for a log."""

    def __enter__(self) -> Self:
        if terminal.console.is_terminal:
            self._live = Live(
                get_renderable=self._drawn,
                console=terminal.console,
                refresh_per_second=REDRAWN_A_SECOND,
                transient=True,
            )
            self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the lines away, and leave one that says what was done."""
        if self._live:
            self._live.stop()
        if kind is None:
            terminal.say(self.line())

    def changed(self) -> None:
        """Write a line into a log, if the last one is long enough ago."""
        with self.lock:
            due = time.monotonic() >= self._logged + terminal.LOG_SECONDS
            if terminal.console.is_terminal or not due:
                return
            self._logged = time.monotonic()
            terminal.say(self.line())

    def _drawn(self) -> Group:
        with self.lock:
            found = self.lines(terminal.console.width)
        for text in found:
            text.no_wrap, text.overflow = True, "ellipsis"
        return Group(*found)


class Views(View):
    """Several of them, one below the other."""

    def __init__(self, views: Sequence[View]):
        super().__init__()
        self.views = views

    def lines(self, width: int) -> list[Text]:
        """Return the most important lines of each."""
        found: list[Text] = []
        for view in self.views:
            with view.lock:
                found += view.brief(width)
        return found

    def line(self) -> str:
        """Return a line of each."""
        return "\n".join(view.line() for view in self.views)


def head(title: str, done: int, total: int, unit: str, share: float, left: str, width: int) -> Text:
    """Write the first line: a bar, how many are done, how long the rest takes."""
    rest = "  ".join(filter(None, [f"  {done}/{total} {unit}", left]))
    size = min(BAR, max(width - len(title) - len(rest) - 2, 0))
    filled = round(size * min(share, 1))
    return Text.assemble(
        (title, "bold"),
        "  ",
        ("━" * filled, "green"),
        # Another character, because a terminal may have no colours.
        ("─" * (size - filled), "bright_black"),
        rest,
    )


def fitted(words: Sequence[str], room: int) -> str:
    """Join as many words as fit into so many columns; "…" stands for the others."""
    for count in range(len(words), 0, -1):
        text = " ".join([*words[:count], *["…"] * (count < len(words))])
        if len(text) <= room:
            return text
    return "…" if words else ""
