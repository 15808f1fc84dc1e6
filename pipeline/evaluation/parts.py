"""What came from the architecture, and what from the search of its hyperparameters.

Tuned against baseline answers both at once. The chosen architecture at its recipe, untuned, stands
between the two: what it is ahead of the baseline came from the architecture, what tuned is ahead
of it came from the search.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.evaluation.by_class import class_differences
from pipeline.evaluation.comparison import Judged, verdict
from pipeline.statistics.rule import Rule
from pipeline.training.specification import UNTUNED


def against_baseline(
    models: Mapping[str, Judged], rule: Rule, classes: Sequence[str]
) -> dict[str, Any]:
    """Answer "was the search worth it?" by comparing tuned with baseline.

    Args:
        models: The predictions of "tuned" and "baseline".
        rule: How two configurations are compared.
        classes: The class names, in label order.
    """
    first, second = models["baseline"], models["tuned"]
    found = verdict(first, second, rule)
    worse = [row.label for row in class_differences(first, second, rule) if row.worse]
    return {
        "verdict": found.word,
        "metric": found.metric,
        "baseline": found.first,
        "tuned": found.second,
        "difference": found.difference,
        "difference_interval": [found.low, found.high],
        "margin": found.margin,
        "fixed": found.fixed,
        "broken": found.broken,
        "detectable": found.detectable,
        "settled_by": found.settled_by,
        "worse_classes": [classes[label] for label in worse],
    }


def parts(models: Mapping[str, Judged], rule: Rule, same_as: str | None) -> list[dict[str, Any]]:
    """Compare baseline with untuned, and untuned with tuned.

    Args:
        models: The predictions of "tuned" and "baseline", and of "untuned" if it was trained.
        rule: How two configurations are compared.
        same_as: The model that untuned is anyway, if it is one of the two.

    Returns:
        One entry for the architecture and one for the search; none if untuned is neither trained
        nor one of the others.
    """
    between = models.get(same_as or UNTUNED)
    if between is None:
        return []
    found = []
    for part, first, second in (
        ("architecture", models["baseline"], between),
        ("search", between, models["tuned"]),
    ):
        judged = verdict(first, second, rule)
        found.append(
            {
                "part": part,
                "verdict": judged.word,
                "difference": judged.difference,
                "difference_interval": [judged.low, judged.high],
                "same_as": same_as,
            }
        )
    return found


def sentence(separated: Sequence[Mapping[str, Any]], metric: str, total: float) -> str:
    """Write what came from the architecture and what from the search; empty if nothing did.

    Args:
        separated: What `parts` returned, which must not be empty.
        metric: What the differences are of, as a reader knows it.
        total: Difference of tuned and baseline.
    """
    architecture, search = separated
    ahead = f"{metric} {total:+.4f} against the baseline"
    match search["same_as"]:
        case "tuned":
            return (
                f"{ahead}, all of it from the architecture: the search found nothing better than "
                "its recipe."
            )
        case "baseline" if not search["difference"]:
            return ""  # tuned is the baseline as well, of which a note speaks
        case "baseline":
            return f"{ahead}, all of it from the search: the architecture is the baseline's."
    low, high = search["difference_interval"]
    return (
        f"{ahead}: {architecture['difference']:+.4f} from the architecture "
        f"({architecture['verdict']}), {search['difference']:+.4f} from the search "
        f"({search['verdict']}; 95 % interval {low:+.4f} to {high:+.4f})."
    )
