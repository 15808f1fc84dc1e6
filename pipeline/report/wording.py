"""The wording of a verdict and its numbers, shared by all formats."""

from typing import Any

from pipeline.evaluation.comparison import Verdict

MINUS = "−"
# Characters of one value in a table.
LONGEST = 300
AUTHORS = (
    "The numbers are those that the author has committed: nothing was trained or evaluated for "
    "this report. `python -m pipeline verify` evaluates the models again and compares."
)


def unexplained(stages: list[str]) -> str:
    """Write which stages changed their outputs and nothing that they depend on."""
    return (
        f"Outputs changed although nothing that they depend on did: {shortened(stages)}. They were "
        "run again on other hardware, or edited by hand; `python -m pipeline verify` can tell."
    )


def signed(value: float, digits: int = 4) -> str:
    """Write a difference with its sign; the minus is U+2212."""
    text = f"{value:+.{digits}f}".replace("-", MINUS)
    return text if float(f"{value:.{digits}f}") else f"±{0:.{digits}f}"


def p_value(value: float) -> str:
    """Write a p-value; very small ones only as an order of magnitude."""
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def sentence(verdict: Verdict) -> str:
    """Write the verdict's numbers in one line, without the word."""
    interval = f"95 % interval {signed(verdict.low)} to {signed(verdict.high)}"
    images = f"{verdict.fixed} fixed, {verdict.broken} broken"
    exact = p_value(verdict.exact_p_value)
    if verdict.asked == "configurations":
        old, new = verdict.seeds
        seeds = f"{new} seeds" if old == new else f"{new} seeds against {old}"
        return (
            f"test accuracy {signed(verdict.difference)} in the mean of {seeds} ({interval}, "
            f"{p_value(verdict.p_value)}). Released models: {images} (exact {exact})"
        )
    difference = f"test accuracy {signed(verdict.difference)} ({interval}, exact {exact})"
    return f"{difference}: {images}"


def scope(verdict: Verdict) -> str:
    """Write whether the verdict is about the configurations or only about two models."""
    if not verdict.fixed and not verdict.broken and verdict.low == verdict.high == 0:
        return "Every prediction is the same, image for image."
    if verdict.asked == "configurations":
        return (
            "The word is about the configurations, whatever seed they are trained with: the "
            "interval covers other seeds and other test images."
        )
    return (
        "Only these two trained models were compared: with one seed on a side nothing can be "
        "said about the configurations. Two models that differ only by seed also differ."
    )


def value(content: Any) -> str:
    """Write one value of a table; floats get four decimals, small ones four significant digits."""
    if content is None:
        return "–"
    if isinstance(content, float):
        return f"{content:.4g}" if abs(content) < 0.01 else f"{content:.4f}".rstrip("0").rstrip(".")
    if isinstance(content, int) and not isinstance(content, bool) and abs(content) >= 10000:
        return f"{content:,}"
    text = ", ".join(map(value, content)) if isinstance(content, list) else str(content)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def shortened(names: list[str], most: int = 4) -> str:
    """Write the first few names and the number of the others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
