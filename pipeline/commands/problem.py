"""The problems that `doctor` finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A problem and its remedy, empty where the problem's own words have one."""

    what: str
    remedy: str = ""
