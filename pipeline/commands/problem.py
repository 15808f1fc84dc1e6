"""The problems that `doctor` finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A problem and its remedy."""

    what: str
    remedy: str
