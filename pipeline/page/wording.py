"""How the page writes numbers."""

from pipeline.report.wording import signed
from pipeline.statistics.by_image import Metric

# Between a number and its unit, so that no line ends there.
NARROW = "\N{NARROW NO-BREAK SPACE}"


def percent(value: float, digits: int = 2) -> str:
    """Write a share of 1 in percent."""
    return f"{100 * value:.{digits}f}{NARROW}%"


def score(metric: Metric, value: float, digits: int = 2) -> str:
    """Write a score: a share in percent, a log loss in nats."""
    return f"{value:.4f}{NARROW}nats" if metric == "log_loss" else percent(value, digits)


def change(metric: Metric, value: float) -> str:
    """Write a difference of two scores with its sign, in points, or in nats."""
    return signed(value) if metric == "log_loss" else signed(100 * value, 2)


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
