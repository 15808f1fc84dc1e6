"""The terminal output: one console, progress bars and clear errors."""

import errno
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from pipeline.base.errors import ConvoyError

# In a log (a queued run, CI) the progress bar cannot be redrawn and is written this often.
LOG_SECONDS = 30.0

# Names of files and classes are printed literally: ":cat:" is a name, not an emoji.
PLAIN: dict[str, Any] = {"highlight": False, "soft_wrap": True, "emoji": False}

console = Console(**PLAIN)


class _Progress(Progress):
    """A progress bar that also shows in a log, as one line every `LOG_SECONDS`."""

    def __init__(self, *columns: ProgressColumn, **options: Any):
        super().__init__(*columns, **options)
        self.logged = time.monotonic()  # the time of the last line, or of the start

    def update(self, task_id: TaskID, **changes: Any) -> None:
        super().update(task_id, **changes)
        if not self.console.is_terminal and time.monotonic() >= self.logged + LOG_SECONDS:
            self.logged = time.monotonic()
            self.console.print(self.get_renderable())


def say(text: str) -> None:
    """Print one line for the user."""
    console.print(text, markup=False)


def progress(unit: str) -> Progress:
    """Make a progress bar that counts in `unit`; its task field `note` is shown at the end."""
    return _Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
    )


def download_progress() -> Progress:
    """Make a progress bar that counts bytes and disappears at the end."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def run(main: Callable[[], None]) -> None:
    """Run a stage or command; show a `ConvoyError` as one message and exit with status 1."""
    quiet_interrupts()
    try:
        main()
    except ConvoyError as error:
        complain(str(error))
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        complain(
            f"{error}. Make room (`dvc gc --all-commits --all-experiments` drops what nothing "
            "uses) and run the same again to go on."
        )
        sys.exit(1)


def quiet_interrupts() -> None:
    """Make Ctrl-C print one line instead of a traceback; the process still ends by the signal."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            complain("interrupted. What is finished is kept; run the same again to go on.")
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook


def complain(text: str) -> None:
    """Print one problem to standard error."""
    Console(stderr=True, **PLAIN).print(f"[bold red]error:[/] {_escape(text)}")


def warn(text: str) -> None:
    """Print one warning to standard error: the work goes on."""
    Console(stderr=True, **PLAIN).print(f"[bold yellow]warning:[/] {_escape(text)}")


def _escape(text: str) -> str:
    return text.replace("[", r"\[")
