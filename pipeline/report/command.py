"""The commands `python -m pipeline report` and `fresh`, which read revisions from git alone."""

import sys
from pathlib import Path
from typing import Literal

from pipeline.base.errors import ConvoyError
from pipeline.base.files import replacing
from pipeline.base.text import visible
from pipeline.report import freshness, rendering, snapshots, wording
from pipeline.report.comparing import Report, compare
from pipeline.report.results import Results
from pipeline.report.snapshots import Snapshot
from pipeline.running.terminal import literal, say

Format = Literal["md", "html", "json"]


def write(
    base: str,
    head: str | None,
    form: Format,
    out: Path | None,
    base_url: str,
    head_url: str,
) -> Report:
    """Compare `head` (or the workspace) with `base`; write to `out` or the terminal."""
    old = snapshots.revision(base)
    new = snapshots.revision(head) if head else snapshots.workspace()
    report = compare(old, new)
    text = _render(report, old, new, form, base_url, head_url)
    if out is None:
        sys.stdout.write(text if form == "html" else literal(text))
    else:
        with replacing(out) as scratch:
            scratch.write_text(text, encoding="utf-8")
        say(summary(report))
    return report


def summary(report: Report) -> str:
    """Return the verdict in one line, or the reasons why there is none."""
    if report.verdict is None:
        return f"{report.word}: {'; '.join(report.reasons)}"
    return f"{report.word}: {wording.sentence(report.verdict)}"


def check_freshness(revision: str | None) -> None:
    """Check that the results of a revision, or of the workspace, belong to its code and parameters.

    Raises:
        ConvoyError: they are stale; the message lists the changes.
    """
    snapshot = snapshots.revision(revision) if revision else snapshots.workspace()
    lines = freshness.stale(Results(snapshot))
    if lines:
        raise ConvoyError(
            f"The results at {snapshot.label} are stale: run `dvc repro` and commit dvc.lock and "
            "results/.\n" + "\n".join(map(visible, lines))
        )
    say(f"The results at {snapshot.label} belong to their code and parameters.")


def _render(
    report: Report, old: Snapshot, new: Snapshot, form: Format, base_url: str, head_url: str
) -> str:
    if form == "json":
        return rendering.as_json(report)
    if form == "html":
        return rendering.as_html(report, old, new)
    return rendering.as_markdown(report, base_url, head_url)
