"""The wording of a verdict and its numbers, shared by all formats."""

import math
from typing import Any

from pipeline.evaluation.comparison import Verdict
from pipeline.statistics.by_image import LABELS

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
    name = f"test {LABELS[verdict.metric]} {signed(verdict.difference)}"
    interval = f"95 % interval {signed(verdict.low)} to {signed(verdict.high)}"
    images = f"{verdict.fixed} fixed, {verdict.broken} broken"
    if verdict.asked == "configurations":
        old, new = verdict.seeds
        seeds = f"{new} seeds" if old == new else f"{new} seeds against {old}"
        seeds += ", paired by seed" if verdict.paired else ""
        return (
            f"{name} in the mean of {seeds} ({interval}, {p_value(verdict.p_value)}). "
            f"Released models: {images} ({p_value(verdict.released_p_value)})"
        )
    return f"{name} ({interval}, {p_value(verdict.p_value)}): {images}"


def headline(word: str, verdict: Verdict | None, worse_classes: list[str]) -> str:
    """Write the word, and what it does not say: the class that is worse, a small difference."""
    if verdict is None:
        return word.capitalize()
    if worse_classes and verdict.word != "worse":
        return f"Worse in {shortened(worse_classes)}, over all {verdict.word}"
    if worse_classes:
        return f"Worse, most clearly in {shortened(worse_classes)}"
    if verdict.small:
        return f"{word.capitalize()}, though surely a little {verdict.small}"
    return word.capitalize()


def scope(verdict: Verdict) -> str:
    """Write whether the verdict is about the configurations or only about two models."""
    if not verdict.fixed and not verdict.broken and verdict.low == verdict.high == 0:
        return "Every prediction is the same, image for image."
    if verdict.asked == "configurations":
        return (
            "The word is about the configurations, whatever seed they are trained with: the "
            "interval covers other seeds and other test images."
        )
    if min(verdict.seeds) < 2:
        lacking = "with one seed on a side"
    elif verdict.metric == "log_loss":
        lacking = "without the log loss of each seed, or with test images of one group alone,"
    else:
        lacking = "with a single test image, or test images of one group alone,"
    return (
        f"Only these two trained models were compared: {lacking} nothing can be said about the "
        "configurations. Two models that differ only by seed also differ."
    )


def uncertainty(verdict: Verdict) -> str:
    """Write what an undecided verdict leaves open, and what would decide it; empty if nothing."""
    if verdict.word != "undecided":
        return ""
    lines = [could_be(verdict)]
    seeds, images, least = verdict.seed_error, verdict.image_error, verdict.detectable
    if seeds is None or images is None or least is None:
        return " ".join(lines)
    lines.append(
        f"The standard error is {math.hypot(seeds, images):.4f}: {seeds:.4f} from the seeds, "
        f"{images:.4f} from the test images. Such results find a true difference of {least:.4f} "
        "in four cases of five."
    )
    if verdict.settled_by:
        lines.append(
            f"If the difference stays as it is, {verdict.settled_by} seeds a side would decide it; "
            "settle the number before you look, since stopping at the first good look misleads."
        )
    else:
        lines.append("More seeds alone would not decide it; more test images might.")
    return " ".join(lines)


def could_be(verdict: Verdict) -> str:
    """Write how much worse or better the second may be, from the ends of the interval.

    It is empty where the predictions are the same.
    """
    low, high = verdict.low, verdict.high
    worse, better = (high, -low) if verdict.metric == "log_loss" else (-low, high)
    parts = [
        f"{amount:.4f} {word}"
        for amount, word in ((worse, "worse"), (better, "better"))
        if amount > 0
    ]
    return f"It could be up to {' or '.join(parts)}." if parts else ""


def decides(verdict: Verdict) -> str:
    """Write which score decided and which differences do not matter."""
    return (
        f"{LABELS[verdict.metric].capitalize()} decides (`evaluate.metric` of the base); a "
        f"difference below {value(verdict.margin)} does not matter (`evaluate.margin`)."
    )


def value(content: Any) -> str:
    """Write one value of a table; floats get four decimals, small ones four significant digits."""
    if content is None:
        return "–"
    if isinstance(content, float):
        return f"{content:.4g}" if abs(content) < 0.01 else f"{content:.4f}".rstrip("0").rstrip(".")
    if isinstance(content, int) and not isinstance(content, bool) and abs(content) >= 10000:
        return f"{content:,}"
    match content:
        case [{}, *_]:
            text = "; ".join(map(value, content))
        case list():
            text = ", ".join(map(value, content))
        case dict():
            text = ", ".join(f"{key} {value(part)}" for key, part in content.items())
        case _:
            text = str(content)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def shortened(names: list[str], most: int = 4) -> str:
    """Write the first few names and the number of the others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
