"""What a report tells of the time before its base: a pinned reference, and the history."""

from dataclasses import replace

from pipeline.base.errors import ConvoyError
from pipeline.report import history, reference, results, snapshots
from pipeline.report.comparing import RELEASED, Report, judge, judged_by
from pipeline.report.reference import Reference, Source
from pipeline.report.results import Results


def add(report: Report, base: Results, head: Results, asked: str | None = None) -> Report:
    """Add the reference and the history to the report of `base`, a commit, and `head`.

    Args:
        report: The report.
        base: The results of the older revision.
        head: Those of the newer one.
        asked: The reference; None for that of the base's params.yaml, or the last tag.

    Raises:
        RevisionError: git does not know `asked`.
        ResultsError: the base's `evaluate.reference` is no name.
    """
    chosen = reference.choose(asked, base)
    return replace(
        report,
        reference=_judged(*chosen, base, head) if chosen else None,
        history=history.read(base.snapshot, head),
    )


def _judged(name: str, source: Source, base: Results, head: Results) -> Reference | None:
    """Judge `head` against the reference; None if this is the base, which has been done."""
    try:
        found = Results(snapshots.revision(f"refs/tags/{name}" if source == "tag" else name))
        label = found.snapshot.label
        if found.snapshot.commit == base.snapshot.commit:
            return None
        if reasons := results.incomparable(found, head):
            return Reference(name, source, label, reasons=tuple(reasons))
        # The rule is the base's, as in the report itself.
        verdict, per_class = judge(found, head, judged_by(base))
        judged, _ = found.judged(RELEASED)
    except ConvoyError as error:
        if source == "--reference":
            raise
        return Reference(name, source, reasons=(str(error),))
    worse = tuple(head.classes[row.label] for row in per_class if row.worse)
    accuracy = float((judged.seeds == judged.actual).mean())
    return Reference(name, source, label, verdict, worse, accuracy=accuracy)
