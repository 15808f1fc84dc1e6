"""The comparison of two revisions, with all facts of a report."""

from dataclasses import dataclass
from typing import Any

from pipeline.base import paths
from pipeline.evaluation import comparison, metrics
from pipeline.evaluation.by_class import ClassDifference, class_differences
from pipeline.evaluation.comparison import MetricDifference, Verdict
from pipeline.report import changes, consistency, freshness, leaks, reference, results
from pipeline.report.changes import Change, Search, Stage
from pipeline.report.deciding import judged_by
from pipeline.report.history import History
from pipeline.report.leaks import Leak
from pipeline.report.reference import Reference
from pipeline.report.results import Results, ResultsError
from pipeline.statistics.rule import Rule

RELEASED = "tuned"


@dataclass(frozen=True)
class Flipped:
    """A test image that only one of the two released models classifies correctly."""

    index: int
    actual: str
    old: str
    new: str
    old_probability: float
    new_probability: float


@dataclass(frozen=True)
class Report:
    """All facts of a report, ready to be written in any format.

    Attributes:
        base: Label of the older revision.
        head: Label of the newer one.
        reasons: The reasons why the two cannot be compared; if any, `verdict` is None.
        verdict: The tuned configuration, old against new.
        metrics: Accuracy, macro F1 and log loss of the released models.
        per_class: The changes in each class.
        classes: Class names.
        fixed: Images that only the newer released model gets right, most confident first.
        broken: Images that only the older released model gets right, in the same order.
        search: Tuned against baseline in the newer revision, None if it has no results.
        behind: How the newer tuned models stand beside yardsticks that are better; may be empty.
        values: Metrics, old and new.
        params: Parameters, old and new, with what was chosen in the place of `auto`.
        model: Architecture and hyperparameters of the tuned model, old and new.
        stages: The status of each stage.
        searches: The cost and outcome of each search.
        stale: The stale results of the newer revision, one line each.
        unexplained: The stages whose outputs changed although nothing that they depend on did.
        test_images: Number of test images, 0 if the two cannot be compared.
        leaks: Test images with copies in training and validation, old and new.
        contradictions: Where the newer revision's files contradict its predictions.
        reference: The newer revision against the pinned reference; None if there is none.
        history: What came before; None if it was not read (`drift.add` does).
    """

    base: str
    head: str
    reasons: list[str]
    verdict: Verdict | None
    metrics: list[MetricDifference]
    per_class: list[ClassDifference]
    classes: list[str]
    fixed: list[Flipped]
    broken: list[Flipped]
    search: Verdict | None
    behind: str
    values: list[Change]
    params: list[Change]
    model: list[Change]
    stages: list[Stage]
    searches: list[Search]
    stale: list[str]
    unexplained: list[str]
    test_images: int
    leaks: list[Leak]
    contradictions: list[str]
    reference: Reference | None = None
    history: History | None = None

    @property
    def word(self) -> str:
        """The verdict in one word; a class that has become worse turns it to "worse"."""
        return reference.word(self.verdict, self.worse_classes)

    @property
    def worse_classes(self) -> list[str]:
        """The classes whose recall has become worse."""
        return [self.classes[row.label] for row in self.per_class if row.worse]


def compare(base: Results, head: Results) -> Report:
    """Compare the results of two revisions, older first."""
    ran = changes.stages(base, head)
    facts: dict[str, Any] = {
        "base": base.snapshot.label,
        "head": head.snapshot.label,
        "reasons": results.incomparable(base, head),
        "classes": head.classes,
        "search": _search(head),
        "behind": _behind(head),
        "values": changes.values(base.metrics, head.metrics),
        "params": changes.values(base.settings, head.settings),
        "model": changes.values(base.specification(RELEASED), head.specification(RELEASED)),
        "stages": ran,
        "searches": changes.searches(head, ran),
        "stale": freshness.stale(head),
        "unexplained": [stage.name for stage in ran if stage.unexplained],
        "leaks": leaks.read(base, head),
        "contradictions": consistency.contradictions(head),
    }
    if facts["reasons"]:
        nothing: dict[str, Any] = {key: [] for key in ("metrics", "per_class", "fixed", "broken")}
        return Report(**facts, **nothing, verdict=None, test_images=0)
    # The base's rule, so a pull request cannot change what it is judged by.
    return Report(**facts, **_differences(base, head, judged_by(base)))


def _differences(base: Results, head: Results, decides: Rule) -> dict[str, Any]:
    (old, old_sure), (new, new_sure) = base.judged(RELEASED), head.judged(RELEASED)
    count = len(head.classes)
    fixed, broken = comparison.fixed_and_broken(old, new)

    def flipped(index: int) -> Flipped:
        return Flipped(
            index,
            head.classes[new.actual[index]],
            head.classes[old.released[index]],
            head.classes[new.released[index]],
            float(old_sure[index]),
            float(new_sure[index]),
        )

    def surest(flips: list[Flipped]) -> list[Flipped]:
        return sorted(flips, key=lambda flip: (-flip.new_probability, flip.index))

    verdict, per_class = judge(base, head, decides)
    return {
        "verdict": verdict,
        "test_images": len(new.actual),
        "metrics": comparison.metric_differences(old, new, count),
        "per_class": per_class,
        "fixed": surest([flipped(int(index)) for index in fixed]),
        "broken": surest([flipped(int(index)) for index in broken]),
    }


def judge(base: Results, head: Results, decides: Rule) -> tuple[Verdict, list[ClassDifference]]:
    """Judge the tuned configuration of `head` against that of `base`, over all and by class."""
    (old, _), (new, _) = base.judged(RELEASED), head.judged(RELEASED)
    alike = results.begin_alike(base, head, RELEASED)
    # Classes stay unpaired: their many tests need small p-values, which few pairs cannot reach.
    return comparison.verdict(old, new, decides, alike), class_differences(old, new, decides)


def _behind(head: Results) -> str:
    """Write how the tuned models stand beside better yardsticks, for results of any version.

    Raises:
        ResultsError: the scores of a yardstick are not as `evaluate` writes them.
    """
    try:
        return metrics.beside_yardsticks(head.metrics)
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultsError(
            f"{paths.METRICS} at {head.snapshot.label}: its yardsticks cannot be read ({error!r}). "
            "Run `dvc repro evaluate` there."
        ) from None


def _search(head: Results) -> Verdict | None:
    if head.missing:
        return None
    baseline, tuned = (head.judged(name)[0] for name in ("baseline", RELEASED))
    return comparison.verdict(baseline, tuned, judged_by(head))
