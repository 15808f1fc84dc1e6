"""The rule by which a revision's results are judged, as its params.yaml states it."""

from pipeline.report.results import Results, ResultsError
from pipeline.statistics import rule
from pipeline.statistics.by_image import METRICS
from pipeline.statistics.rule import Rule

# What revisions of older versions were judged by.
DEFAULT_MARGIN = 0.005


def judged_by(revision: Results) -> Rule:
    """Read the rule as `pipeline.config.params` does, but for any revision.

    Raises:
        ResultsError: the metric is none, or the margin is not between 0 and 1.
    """
    written = revision.params.get("evaluate") or {}
    metric, margin = written.get("metric", "auto"), written.get("margin", DEFAULT_MARGIN)
    where = f"in params.yaml at {revision.snapshot.label}"
    if metric not in ("auto", *METRICS):
        raise ResultsError(
            f"evaluate.metric = {metric!r} {where}: allowed: {', '.join(('auto', *METRICS))}"
        )
    try:
        return Rule(metric, rule.margin(margin))
    except ValueError as error:
        raise ResultsError(f"evaluate.margin = {margin!r} {where}: {error}") from None
