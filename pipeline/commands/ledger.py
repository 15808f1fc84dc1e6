"""Looking after the ledger: what it holds, how big it is, and dropping what nobody needs."""

import contextlib
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout
from rich.table import Table

from pipeline.base import paths
from pipeline.running.terminal import console, say
from pipeline.search.ledger import Entry, Ledger, report_once


class Prune(StrEnum):
    """What may be dropped."""

    OLD = "old"
    FAILED = "failed"
    ALL = "all"


def show() -> None:
    """Print one row for each architecture and context, and the size of the folder."""
    entries = _open().entries()
    table = Table(title=f"{paths.LEDGER}: {len(entries)} trials, {_size(paths.LEDGER)}")
    for column in ("architecture", "context", "completed", "stopped", "failed", "hours", "current"):
        table.add_column(
            column, justify="left" if column in ("architecture", "context") else "right"
        )
    newest = _newest(entries)
    groups = sorted({(entry.architecture, entry.context) for entry in entries})
    for architecture, context in groups:
        group = [e for e in entries if (e.architecture, e.context) == (architecture, context)]
        counts = Counter(entry.result.status for entry in group)
        table.add_row(
            architecture,
            context,
            *(str(counts[name]) for name in ("completed", "stopped", "failed")),
            f"{sum(entry.seconds for entry in group) / 3600:.2f}",
            "yes" if newest[architecture] == context else "",
        )
    console.print(table)


def prune(what: Prune) -> None:
    """Drop trials: of every context but each architecture's latest, the failed ones, or all."""
    ledger = _open()
    newest = _newest(ledger.entries())
    wanted: dict[Prune, Callable[[Entry], bool]] = {
        Prune.OLD: lambda entry: newest[entry.architecture] == entry.context,
        Prune.FAILED: lambda entry: entry.result.status != "failed",
        Prune.ALL: lambda entry: False,
    }
    dropped = ledger.keep(wanted[what])
    _drop_leftovers({entry.key for entry in ledger.entries()})
    kept = {entry.context for entry in ledger.entries()}
    for file in (paths.LEDGER / "contexts").glob("*.json"):
        if file.stem not in kept:
            file.unlink()
    say(f"{dropped} trials dropped; {len(ledger.entries())} kept, {_size(paths.LEDGER)}")


def _drop_leftovers(kept: set[str]) -> None:
    """Drop what interrupted searches left: states and attempts of trials that are not kept."""
    for file in (paths.LEDGER / "states").glob("*.npz"):
        if file.stem not in kept:
            file.unlink(missing_ok=True)
    for file in (paths.LEDGER / "claims").glob("*.attempts"):
        lock = file.with_suffix(".lock")
        # A trial that runs at this moment holds its lock; its attempt is left alone.
        with contextlib.suppress(Timeout), FileLock(lock, timeout=0):
            file.unlink(missing_ok=True)
            lock.unlink(missing_ok=True)


def _open() -> Ledger:
    return Ledger(paths.LEDGER, report_once(say))


def _newest(entries: list[Entry]) -> dict[str, str]:
    """Name the context that each architecture was last searched in.

    Every search writes the description of its context again, also one that finds all of its
    trials here and adds none.
    """

    def used(entry: Entry) -> float:
        try:
            begun = (paths.LEDGER / "contexts" / f"{entry.context}.json").stat().st_mtime
        except FileNotFoundError:
            return entry.ended
        return max(begun, entry.ended)

    return {entry.architecture: entry.context for entry in sorted(entries, key=used)}


def _size(folder: Path) -> str:
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{size / 1e6:.1f} MB"
