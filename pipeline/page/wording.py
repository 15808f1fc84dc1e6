"""How the page writes numbers."""

MINUS = "−"
# Between a number and its unit, so that no line ends there.
NARROW = "\N{NARROW NO-BREAK SPACE}"


def percent(value: float, digits: int = 2) -> str:
    """Write a share of 1 in percent."""
    return f"{100 * value:.{digits}f}{NARROW}%"


def points(value: float, digits: int = 2) -> str:
    """Write a difference of two shares in percentage points, with its sign (U+2212 for minus)."""
    return f"{100 * value:+.{digits}f}".replace("-", MINUS)


def number(value: int) -> str:
    """Write a whole number with commas between the thousands."""
    return f"{value:,}"


def duration(seconds: float) -> str:
    """Write a time in seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"
