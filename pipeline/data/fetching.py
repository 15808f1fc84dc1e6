"""Verified downloads of published files: from a mirror first, then from their public addresses.

A file is downloaded to `.state/downloads/` under the original repository and stays there; the file
in data/raw is a second name of it. So a verified file is not downloaded again, although DVC deletes
a stage's outputs before it runs and `dvc exp run --temp` runs in a copy of the folder. The next
run continues an interrupted download.
"""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial as bind
from pathlib import Path

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import digest, replacing
from pipeline.base.locks import claimed
from pipeline.base.text import without_credentials, without_secrets_of
from pipeline.data.source import SourceFile
from pipeline.data.transfers import (
    InterruptedTransferError,
    Partial,
    RefusedError,
    Watch,
    transfer,
)
from pipeline.running.terminal import download_progress, say

MIRROR = "CONVOY_MIRROR"

Sleep = Callable[[float], None]


class FetchError(ConvoyError):
    """A published file that cannot be downloaded."""


def fetch_all(name: str, files: Sequence[SourceFile], folder: Path) -> None:
    """Download the files of data set or network `name` into `folder`, verified.

    Raises:
        FetchError: no source has the right file; the message lists the answer of each source.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with download_progress() as bar:
        for file in files:
            task = bar.add_task(file.name, total=None)
            watch = bind(_show, bind(bar.update, task))
            origin = fetch(name, file, folder / file.name, watch)
            bar.remove_task(task)
            say(f"{file.name}: verified, from {without_credentials(origin)}")


def _show(update: Callable[..., None], size: int, total: int | None) -> None:
    update(completed=size, total=total)


def fetch(
    name: str, file: SourceFile, target: Path, watch: Watch, sleep: Sleep = time.sleep
) -> str:
    """Download one file to `target` and return the address that it came from.

    Two processes that want the same file take turns.

    Raises:
        FetchError: as in `fetch_all`.
    """
    folder = paths.state() / "downloads" / name
    # The digest is in the name, so a partial download of another version is not continued.
    arriving = folder / f"{file.digest[:16]}-{file.name}"
    lock = arriving.with_name(f"{arriving.name}.lock")
    waiting = f"another process is downloading this file ({lock}); waiting for it"
    with claimed(lock, lambda: say(waiting)):
        if arriving.exists() and digest(arriving, file.kind) == file.digest:
            origin = f"{folder}, where it was kept"
        else:
            origin = _try_sources(name, file, Partial(arriving, file.kind), watch, sleep)
        with replacing(target) as scratch:
            _link(arriving, scratch)
    return origin


def _link(kept: Path, target: Path) -> None:
    """Hard-link a file to a second place; copy it if the file system cannot link."""
    try:
        target.hardlink_to(kept)
    except OSError:  # another disk, or one without links
        shutil.copyfile(kept, target)


def _try_sources(name: str, file: SourceFile, partial: Partial, watch: Watch, sleep: Sleep) -> str:
    answers = []
    for url in sources(name, file):
        try:
            _try_source(url, file, partial, watch, sleep)
        except (FetchError, RefusedError, InterruptedTransferError) as error:
            answer = without_secrets_of(url, str(error))
            answers.append(f"  {without_credentials(url)}: {answer}")
        else:
            return url
    if not partial.size:
        partial.path.unlink()
    raise FetchError(
        f"{name}: cannot get {file.name} (expected {file.kind} {file.digest}).\n"
        + "\n".join(answers)
        + f"\nDownload it by hand into a folder <mirror>/{name}/ and set {MIRROR}=<mirror>, "
        "or repair the network and run again; what has arrived is kept."
    )


def _try_source(url: str, file: SourceFile, partial: Partial, watch: Watch, sleep: Sleep) -> None:
    """Download from one address; start again once if the continued part does not fit it.

    Raises:
        FetchError: the bytes there are not the expected ones.
    """
    for resumed in (partial.size > 0, False):
        try:
            transfer(url, partial, watch, sleep)
        except InterruptedTransferError:
            # A server that announces too large a size ends every transfer "early".
            if partial.digest != file.digest:
                raise
        if partial.digest == file.digest:
            return
        found, size = partial.digest, partial.size
        partial.restart()
        if not resumed:
            break
    raise FetchError(
        f"wrong content: expected {file.kind} {file.digest}, got {found} ({size} bytes)"
    )


def sources(name: str, file: SourceFile) -> list[str]:
    """Return the addresses of a file in the order in which they are tried."""
    mirror = os.environ.get(MIRROR)
    if mirror and "://" not in mirror:
        mirror = str(paths.repository() / paths.written_out(Path(mirror)))
    first = [f"{mirror.rstrip('/')}/{name}/{file.name}"] if mirror else []
    return [*first, *file.urls]
