"""Looking after the store: what it holds, how big it is, and dropping what nobody needs."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from rich.table import Table

from pipeline.base import paths
from pipeline.running.terminal import console, say
from pipeline.store.entry import Entry
from pipeline.store.store import Store
from pipeline.training.work import Status

Prune = Literal["old", "failed", "all"]
STATUSES: tuple[Status, ...] = ("completed", "stopped", "failed")


def show() -> None:
    """Print one row for each kind, architecture and context, and the size of the folder."""
    store = Store(paths.STORE, say)
    entries = store.entries()
    table = Table(title=f"{paths.STORE}: {len(entries)} trainings, {_size(paths.STORE)}")
    for column in ("kind", "architecture", "context"):
        table.add_column(column)
    for column in (*STATUSES, "hours", "current"):
        table.add_column(column, justify="right")
    newest = _newest(store)
    groups = sorted({(e.kind, e.architecture, e.context) for e in entries})
    for kind, architecture, context in groups:
        same = (kind, architecture, context)
        group = [e for e in entries if (e.kind, e.architecture, e.context) == same]
        counts = Counter(entry.result.status for entry in group)
        table.add_row(
            kind,
            architecture,
            context,
            *(str(counts[name]) for name in STATUSES),
            f"{sum(entry.seconds for entry in group) / 3600:.2f}",
            "yes" if newest[kind, architecture] == context else "",
        )
    console.print(table)


def prune(what: Prune) -> None:
    """Drop trainings.

    Args:
        what: "old" drops those of every context but the latest of each kind and architecture,
            "failed" the failed ones, "all" all.
    """
    store = Store(paths.STORE, say)
    newest = _newest(store)
    wanted: dict[Prune, Callable[[Entry], bool]] = {
        "old": lambda entry: newest[entry.kind, entry.architecture] == entry.context,
        "failed": lambda entry: entry.result.status != "failed",
        "all": lambda entry: False,
    }
    dropped = store.keep(wanted[what])
    left = len(store.entries())
    say(f"{dropped} trainings dropped; {left} kept, {_size(paths.STORE)}")


def _newest(store: Store) -> dict[tuple[str, str], str]:
    """Return the context that each kind and architecture was last trained in.

    Every stage writes the description of its context again, also one that finds all of its
    trainings here and adds none.
    """

    def used(entry: Entry) -> float:
        try:
            begun = (store.contexts / f"{entry.context}.json").stat().st_mtime
        except FileNotFoundError:
            return entry.ended
        return max(begun, entry.ended)

    return {(e.kind, e.architecture): e.context for e in sorted(store.entries(), key=used)}


def _size(folder: Path) -> str:
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{size / 1e6:.1f} MB"
