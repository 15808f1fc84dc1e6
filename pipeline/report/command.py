"""The commands `python -m pipeline report` and `fresh`, which read revisions from git alone."""

import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.base.errors import ConvoyError
from pipeline.base.files import replacing
from pipeline.base.text import visible
from pipeline.report import alarms, drift, escaping, freshness, snapshots, wording
from pipeline.report.comparing import Report, compare
from pipeline.report.results import Results
from pipeline.running.terminal import literal, say

# Writes a report of two revisions' results, older first, in some format.
Render = Callable[[Report, Results, Results], str]


def write(
    base: str,
    head: str | None,
    render: Render,
    out: Path | None,
    reference: str | None = None,
) -> Report:
    """Compare `head` (or the workspace) with `base`; write to `out` or the terminal.

    Args:
        base: The older git revision.
        head: The newer one; None for the workspace.
        render: Writes the report of both revisions' results, older first, in some format.
        out: The file; None for the terminal.
        reference: The revision that `head` is judged against, too; None for that of the base's
            params.yaml, or the last tag.
    """
    old = Results(snapshots.revision(base))
    new = Results(snapshots.revision(head) if head else snapshots.workspace())
    report = drift.add(compare(old, new), old, new, reference)
    text = render(report, old, new)
    if out is None:
        # HTML has shown every character already, and its scripts must stay as they are.
        html = text.lstrip()[:9].lower() == "<!doctype"
        # The joiners keep GitHub from linking names; nothing is linked here.
        sys.stdout.write(text if html else literal(text.replace(escaping.JOINER, "")))
    else:
        with replacing(out) as scratch:
            scratch.write_text(text, encoding="utf-8")
        say(summary(report))
    return report


def summary(report: Report) -> str:
    """Return the verdict in one line, or the reasons why there is none; then the warnings."""
    reasons = "; ".join(report.reasons)
    said = wording.sentence(report.verdict) if report.verdict else reasons
    warnings = [f"warning: {visible(line)}" for line in alarms.warnings(report)]
    return "\n".join([f"{report.word}: {said}", *warnings])


def check_freshness(revision: str | None) -> None:
    """Check that the results of a revision, or of the workspace, belong to its code and parameters.

    Raises:
        ConvoyError: they are stale; the message lists the changes.
    """
    snapshot = snapshots.revision(revision) if revision else snapshots.workspace()
    lines = freshness.faults(Results(snapshot))
    if lines:
        raise ConvoyError(
            f"The results at {snapshot.label} are stale: run `dvc repro` and commit dvc.lock and "
            "results/.\n" + "\n".join(map(visible, lines))
        )
    say(f"The results at {snapshot.label} belong to their code and parameters.")
