"""How long the rest of some trainings takes, from how long the first of them took."""

import time
from collections.abc import Callable

# Less than this many epochs say nothing yet.
LEAST_EPOCHS = 0.05


class Pace:
    """The pace of a stage's trainings in epochs a second, over all that run at a time.

    It counts from the moment at which the first training was under way, not from the start of the
    stage, which waits for TensorFlow first. The first batch waits for its graph, often as long as
    an epoch takes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.clock = clock
        self.since: float | None = None
        self.before = 0.0  # epochs that were done by then

    def report(self, done: float) -> None:
        """Note that so many epochs have been computed by now, those of running trainings too."""
        if self.since is None and done > 0:
            self.since, self.before = self.clock(), done

    def ended(self, seconds: float) -> None:
        """Note that a training has ended that took so long."""
        began = self.clock() - seconds
        if self.since is None or began < self.since:
            self.since, self.before = began, 0.0

    def left(self, done: float, remaining: float) -> float | None:
        """Return the seconds that the remaining epochs take; None if that is not known yet."""
        counted = done - self.before
        if self.since is None or counted < LEAST_EPOCHS:
            return None
        return remaining * (self.clock() - self.since) / counted


def written(seconds: float | None) -> str:
    """Write a time left, rounded to what an estimate is worth; nothing if it is not known."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"about {max(seconds, 1):.0f} s left"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"about {minutes} min left"
    return f"about {minutes // 60} h {minutes % 60} min left"
