"""What stands in a report's first lines beside its word: warnings, remarks, and reasons to fail."""

import math
from collections.abc import Collection

from pipeline.evaluation.comparison import Verdict
from pipeline.report import leaks
from pipeline.report.comparing import Report
from pipeline.report.history import History
from pipeline.report.reference import KEY, Reference
from pipeline.report.wording import shortened, signed, value
from pipeline.statistics.by_image import LABELS

AGAINST = {
    "better": "better than",
    "worse": "worse than",
    "equivalent": "equivalent to",
    "undecided": "undecided against",
    "not comparable": "not comparable with",
}
MOST_CONTRADICTIONS = 2
# In how many percent of cases one or more of so many equally good models are called better, judged
# one after the other on so many test images: `python -m benchmarks.looks`.
BY_CHANCE = {
    359: {5: 3, 10: 5, 20: 8, 40: 13},
    1000: {5: 3, 10: 5, 20: 9, 40: 12},
    10_000: {5: 8, 10: 12, 20: 17, 40: 22},
}


def warnings(report: Report) -> list[str]:
    """List what makes the word doubtful, or is worse than it says; one line each, as plain text."""
    found = [leaks.sentence(leak) for leak in report.leaks if leak.exact and leak.rose]
    if report.contradictions:
        said = "; ".join(report.contradictions[:MOST_CONTRADICTIONS])
        rest = len(report.contradictions) - MOST_CONTRADICTIONS
        more = f"; and {rest} more" if rest > 0 else ""
        found.append(f"The committed results contradict each other: {said}{more}")
    if _drifted(report):
        found.append(against_the_reference(report))
    elif report.reference and not report.reference.commit and report.reference.source == KEY:
        found.append(_not_judged(report.reference))
    return [f"{line[0].upper()}{line[1:]}." for line in found]


def remarks(report: Report) -> list[str]:
    """List what a reader should know of the word; one line each, as plain text."""
    found = []
    if report.reference and not _drifted(report):
        if report.reference.commit:
            found.append(against_the_reference(report))
        elif report.reference.source == "tag":
            found.append(_not_judged(report.reference))
    for row in report.params:
        if row.key == "train.seeds" and row.changed:
            found.append(
                f"the seeds (train.seeds) changed from {value(row.old)} to {value(row.new)}: of "
                "several sets of seeds the luckiest can be chosen"
            )
    if report.history:
        found.append(looks(report.history, report.test_images))
    return [f"{line[0].upper()}{line[1:]}." for line in found if line]


def failures(report: Report, on: Collection[str]) -> list[str]:
    """List the reasons why a check fails that is to fail on some alarms.

    Args:
        report: The report.
        on: "worse"; "maybe-worse": also unless a loss beyond the margin is excluded, which is
            called non-inferiority; "leak" and "near-leak".
    """
    found = []
    if "maybe-worse" in on and (report.verdict is None or not report.verdict.not_inferior):
        found.append("a loss beyond the margin is not excluded")
    # A class that has become worse is a loss, too, though the mean of all may be well.
    if report.word == "worse" and {"worse", "maybe-worse"} & {*on}:
        found.append("worse than the base")
    if "worse" in on:
        if report.reference and not report.reference.commit and report.reference.source == KEY:
            found.append(_not_judged(report.reference))
        elif _drifted(report):
            found.append(against_the_reference(report))
    for leak in report.leaks:
        if leak.rose and ("leak" if leak.exact else "near-leak") in on:
            found.append(leaks.sentence(leak))
    return found


def against_the_reference(report: Report) -> str:
    """Write the word against the base and against the reference; empty where they agree."""
    reference = report.reference
    if reference is None or reference.word == report.word:
        return ""
    first = f"{AGAINST[report.word]} the base"
    second = f"{AGAINST[reference.word]} {reference.name}"
    verdict = reference.verdict
    if verdict is None:
        return f"{first}, and {second}: {'; '.join(reference.reasons)}"
    if reference.word in ("better", "worse"):
        if reference.word == verdict.word:
            second += _by(verdict)
        if reference.worse_classes:
            second += f" in {shortened(list(reference.worse_classes))}"
        if report.word in ("equivalent", "undecided"):
            kind = "losses" if reference.word == "worse" else "gains"
            second += f": small {kind} have added up"
    return f"{first}, but {second}"


def _by(verdict: Verdict) -> str:
    """Write by how much, in points, or in nats for log loss."""
    if verdict.metric == "log_loss":
        amount, ends = f"{abs(verdict.difference):.4f} nats", (verdict.low, verdict.high)
        low, high = map(signed, ends)
    else:
        amount = f"{abs(100 * verdict.difference):.1f} points of {LABELS[verdict.metric]}"
        low, high = (signed(100 * end, 1) for end in (verdict.low, verdict.high))
    return f" by {amount} (95 % interval {low} to {high})"


def looks(history: History, images: int) -> str:
    """Write how many results these test images have judged, and what that does to a *better*."""
    if not images or not history.judged:
        return ""
    on = f"on these {images:,} test images"
    least = "at least " if history.gaps else ""
    branch = f" ({history.on_branch} of them on this branch)" if history.on_branch > 1 else ""
    if history.again:
        text = f"one of {least}{history.judged} results judged {on}, and not a new one"
    else:
        text = f"{least}the {_ordinal(history.judged)} result judged {on}{branch}"
    # The first result of all was compared with none.
    simulated = min(BY_CHANCE, key=lambda number: abs(math.log(number / images)))
    known = [number for number in BY_CHANCE[simulated] if number <= history.judged - 1]
    if known:
        text += (
            f". Simulated with {simulated:,} images: of {known[-1]} models that are no better, one "
            f"or more are called better in {BY_CHANCE[simulated][known[-1]]} % of cases "
            "(docs/statistics.md)"
        )
    return text


def _drifted(report: Report) -> bool:
    """Whether the newer revision is worse than the reference, and has a part in it."""
    if report.reference is None or report.reference.word != "worse" or report.word == "worse":
        return False
    verdict = report.verdict
    same = verdict and verdict.low == verdict.high == verdict.fixed == verdict.broken == 0
    return not same and report.word != "better"


def _not_judged(reference: Reference) -> str:
    return f"not judged against the reference {reference.name}: {'; '.join(reference.reasons)}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{'th' if 10 < number % 100 < 20 else ending}"
