"""`python -m pipeline report`: compare two revisions and say what to make of it."""

import sys
from pathlib import Path
from typing import Literal

from pipeline.files import replacing
from pipeline.report import rendering, snapshots, wording
from pipeline.report.comparing import Report, compare
from pipeline.report.snapshots import Snapshot

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
        sys.stdout.write(text)
    else:
        with replacing(out) as scratch:
            scratch.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{summary(report)}\n")
    return report


def summary(report: Report) -> str:
    """Give the one line that matters."""
    if report.verdict is None:
        return f"{report.word}: {'; '.join(report.reasons)}"
    return f"{report.word}: {wording.sentence(report.verdict)}"


def _render(
    report: Report, old: Snapshot, new: Snapshot, form: Format, base_url: str, head_url: str
) -> str:
    if form == "json":
        return rendering.as_json(report)
    if form == "html":
        return rendering.as_html(report, old, new)
    return rendering.as_markdown(report, base_url, head_url)
