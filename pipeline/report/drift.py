"""What a report tells of the time before its base: a pinned reference, and the history."""

from dataclasses import replace

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.report import history, reference, snapshots
from pipeline.report.comparing import RELEASED, Report, compare
from pipeline.report.reference import Reference, Source
from pipeline.report.results import Results
from pipeline.report.snapshots import Snapshot


def add(report: Report, old: Snapshot, new: Snapshot, asked: str | None = None) -> Report:
    """Add the reference and the history to the report of `old`, a commit, and `new`.

    Args:
        report: The report.
        old: The older snapshot, the base.
        new: The newer one.
        asked: The reference; None for that of the base's params.yaml, or the last tag.

    Raises:
        RevisionError: git does not know `asked`.
        ResultsError: the base's `evaluate.reference` is no name.
    """
    chosen = reference.choose(asked, Results(old))
    return replace(
        report,
        reference=_judged(*chosen, old, new) if chosen else None,
        history=history.read(old, Results(new)),
    )


def _judged(name: str, source: Source, old: Snapshot, new: Snapshot) -> Reference | None:
    """Judge `new` against the reference; None if this is the base, which has been done."""
    try:
        found = snapshots.revision(f"refs/tags/{name}" if source == "tag" else name)
        if found.commit == old.commit:
            return None
        # The rule that judges is the base's, as in the report itself.
        params = {key: old.files[key] for key in (paths.PARAMS.as_posix(),) if key in old.files}
        found = replace(found, files={**found.files, **params})
        report = compare(found, new)
    except ConvoyError as error:
        if source == "--reference":
            raise
        return Reference(name, source, reasons=(str(error),))
    if report.verdict is None:
        return Reference(name, source, found.label, reasons=tuple(report.reasons))
    judged, _ = Results(found).judged(RELEASED)
    accuracy = float((judged.seeds == judged.actual).mean())
    worse = tuple(report.worse_classes)
    return Reference(name, source, found.label, report.verdict, worse, accuracy=accuracy)
