"""The command `python -m pipeline page`, which writes the page of one revision."""

import contextlib
import tempfile
from pathlib import Path

from pipeline.base.files import replacing
from pipeline.page import rendering
from pipeline.page.run import Run
from pipeline.report import snapshots
from pipeline.report.results import Results
from pipeline.report.snapshots import Snapshot
from pipeline.running.terminal import say

# In the workspace whose results it shows; neither git nor DVC sees it.
WRITTEN = Path(".state/page.html")


def write(out: Path | None, revision: str | None) -> Path:
    """Write the page of the workspace, or of another revision from git alone.

    Args:
        out: The file; by default .state/page.html.
        revision: A git revision; None for the workspace, with its models and data.

    Raises:
        ConvoyError: there are no results, or a file is not as the pipeline writes it.
    """
    target = (out or WRITTEN).absolute()
    if revision is None:
        text = rendering.render(Run(Results(snapshots.workspace())))
    else:
        text = _elsewhere(snapshots.revision(revision))
    with replacing(target) as scratch:
        scratch.write_text(text, encoding="utf-8")
    say(f"All of it as a page: {_shown(target)} ({len(text.encode()) / 2**20:.1f} MiB)")
    return target


def _elsewhere(snapshot: Snapshot) -> str:
    """Render a revision in a folder with its files, where there are neither models nor data."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in snapshot.files.items():
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        with contextlib.chdir(folder):
            return rendering.render(Run(Results(snapshot)))


def _shown(path: Path) -> str:
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else str(path)
