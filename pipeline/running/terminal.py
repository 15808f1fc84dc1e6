"""The terminal output: one console, progress bars and clear errors."""

import errno
import functools
import io
import os
import re
import shutil
import sys
import tempfile
import textwrap
import time
import traceback
from collections.abc import Callable
from pathlib import Path
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
from rich.text import Text

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import remedy
from pipeline.base.text import visible, without_credentials

# In a log (a queued run, CI) the progress bar cannot be redrawn and is written this often.
LOG_SECONDS = 30.0

FULL = (errno.ENOSPC, errno.EDQUOT)
STATE = "CONVOY_STATE"

# What GitHub's runners take for a command: at the beginning of a line, or anywhere in it.
COMMAND_LINE, COMMAND = re.compile(r"^(\s*):(?=:)", re.MULTILINE), "##["

# Names of files and classes are printed literally: ":cat:" is a name, not an emoji.
PLAIN: dict[str, Any] = {"highlight": False, "soft_wrap": True, "emoji": False}

# Stands for a space at which a line is not to be broken.
NO_BREAK = "\0"

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


def literal(text: str) -> str:
    """Return a text that a terminal, a log, or a runner of GitHub Actions shows and does not obey.

    Lines and tabs stay. The caller escapes line ends within a name (`base.text.visible`).
    """
    text = visible(text, keep="\n\t")
    if "GITHUB_ACTIONS" in os.environ:
        text = COMMAND_LINE.sub(r"\1: ", text).replace(COMMAND, "## [")
    return text


def plain(text: str) -> Text:
    """Return a text without markup for Rich: shown literally, without what is secret in it."""
    return Text(literal(without_credentials(text)))


def say(text: str) -> None:
    """Print a line for the user; in a terminal, over as many lines as its words need."""
    console.print(Text(wrapped(plain(text).plain, console)))


def command(text: str) -> None:
    """Print a command so that it can be copied: no line end is put into it."""
    console.print(plain(text))


def wrapped(text: str, to: Console) -> str:
    """Break lines between words where a terminal would break them within one.

    What stands in backticks is not broken, so that it can be copied. A log keeps its long lines.
    """
    if not to.is_terminal:
        return text
    kept = re.sub("`[^`\n]+`", lambda found: found[0].replace(" ", NO_BREAK), text)
    return "\n".join(map(functools.partial(_broken, width=to.width), kept.split("\n"))).replace(
        NO_BREAK, " "
    )


def _broken(line: str, width: int) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )


def progress(unit: str) -> Progress:
    """Make a progress bar that counts in `unit`; its task field `note` is shown at the end."""
    return _Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
    )


def download_progress() -> Progress:
    """Make a progress bar that counts bytes and disappears at the end."""
    return Progress(
        TextColumn("{task.description}", markup=False),
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
        # Without a file's name it is no fault of a file: a network's, or a programming error.
        if error.errno not in FULL and not error.filename:
            raise
        complain(of_a_file(error))
        sys.exit(1)


def in_words(error: ConvoyError | OSError) -> str:
    """Return one line on an error that another process reports."""
    if isinstance(error, OSError) and (error.filename or error.errno in FULL):
        return of_a_file(error)
    return str(error)


def of_a_file(error: OSError) -> str:
    """Return one line on a file or folder that cannot be used: which, why, what to do."""
    file = Path(os.fsdecode(error.filename)) if error.filename else _fullest()
    named = f"{file}: {error.strerror}"
    kept = paths.state().resolve() in (file.resolve(), *file.resolve().parents)
    elsewhere = f"set {STATE} to a folder elsewhere"
    if error.errno in FULL:
        room = "`python -m pipeline store --prune old` drops trainings of earlier code"
        gone = "`dvc gc --all-commits --all-experiments` drops what nothing uses"
        advice = f"Make room ({room}), or {elsewhere}," if kept else f"Make room ({gone})"
        return f"{named}. {advice} and run the same again to go on."
    if error.errno == errno.EROFS:
        advice = "Have the disk mounted for writing again (`dmesg` says what ended that)"
        return f"{named}. {advice}{f', or {elsewhere}' if kept else ''}, and run the same again."
    if error.errno in (errno.EACCES, errno.EPERM):
        advice = f"Make {file.parent}/ and what is in it readable and writable for you"
        return f"{named}. {advice}{f', or {elsewhere}' if kept else ''}."
    if error.errno == errno.ENOENT:
        return f"{named}. {remedy(file)}"
    return f"{named}. Look at it with `ls -ld {file}`, and move away what should not be there."


def _fullest() -> Path:
    """Return the folder with the least room among those that everything here is written to."""
    places = [Path.cwd(), paths.state(), Path(tempfile.gettempdir())]
    return min((p for p in places if p.is_dir()), key=lambda p: shutil.disk_usage(p).free)


def quiet_interrupts() -> None:
    """Make Ctrl-C print one line instead of a traceback; the process still ends by the signal.

    Other tracebacks are printed as usual, but without what is secret in an address. What the
    terminal's encoding lacks is printed as a question mark.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            complain("interrupted. What is finished is kept; run the same again to go on.")
        else:
            lines = "".join(traceback.format_exception(kind, error, trace))
            sys.stderr.write(literal(without_credentials(lines)))

    sys.excepthook = hook


def complain(text: str) -> None:
    """Print one problem to standard error."""
    errors = Console(stderr=True, **PLAIN)
    message = wrapped(f"error: {plain(text).plain}", errors).removeprefix("error: ")
    errors.print(Text("error:", style="bold red") + " " + Text(message))


def warn(text: str) -> None:
    """Print one warning to standard error: the work goes on."""
    Console(stderr=True, **PLAIN).print(Text("warning:", style="bold yellow") + " " + plain(text))
