"""Getting published files: mirror first, then their public addresses; never an unverified byte."""

import os
from importlib.resources import files as package_files
from pathlib import Path
from typing import IO, cast

import fsspec
from rich.progress import Progress, TaskID

from pipeline.datasets import SourceFile, Spec
from pipeline.errors import ConvoyError
from pipeline.files import replacing, sha256
from pipeline.terminal import console, say

MIRROR = "CONVOY_MIRROR"
CHUNK = 1 << 20
# What fsspec's file systems raise when a file cannot be had: theirs are OSErrors, aiohttp's and
# those of a missing protocol library are not.
UNREACHABLE = (OSError, ValueError, ImportError)


class FetchError(ConvoyError):
    """A published file that cannot be had."""


def fetch_all(name: str, spec: Spec, folder: Path) -> None:
    """Bring every file of data set `name` into `folder`, verified.

    Raises:
        FetchError: a file cannot be had from any source; the message lists each one's answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with Progress(console=console, transient=True) as bar:
        for file in spec.files:
            task = bar.add_task(file.name, total=None)
            origin = fetch(name, file, folder / file.name, bar, task)
            bar.remove_task(task)
            say(f"{file.name}: verified, from {origin}")


def fetch(name: str, file: SourceFile, target: Path, bar: Progress, task: TaskID) -> str:
    """Bring one file to `target`; return the address that it came from.

    Raises:
        FetchError: as in `fetch_all`.
    """
    answers = []
    for url in sources(name, file):
        try:
            with replacing(target) as scratch:
                _copy(url, scratch, bar, task)
                _verify(url, scratch, file)
        except (FetchError, *UNREACHABLE) as error:
            answers.append(f"  {url}: {error}")
        else:
            return url
    raise FetchError(
        f"{name}: cannot get {file.name} (expected sha256 {file.sha256}).\n"
        + "\n".join(answers)
        + f"\nDownload it by hand into a folder <mirror>/{name}/ and set {MIRROR}=<mirror>, "
        "or repair the network and run again."
    )


def sources(name: str, file: SourceFile) -> list[str]:
    """List the addresses of a file in the order in which they are tried."""
    mirror = os.environ.get(MIRROR)
    first = [f"{mirror.rstrip('/')}/{name}/{file.name}"] if mirror else []
    return [*first, *file.urls]


def _copy(url: str, target: Path, bar: Progress, task: TaskID) -> None:
    with _open(url) as source, target.open("wb") as sink:
        bar.update(task, total=getattr(source, "size", None), completed=0)
        while chunk := source.read(CHUNK):
            sink.write(chunk)
            bar.update(task, advance=len(chunk))


def _open(url: str) -> IO[bytes]:
    if url.startswith("package://"):
        package, _, name = url.removeprefix("package://").partition("/")
        return package_files(package).joinpath(name).open("rb")
    return cast(IO[bytes], fsspec.open(url, "rb").open())


def _verify(url: str, path: Path, file: SourceFile) -> None:
    found = sha256(path)
    if found != file.sha256:
        size = path.stat().st_size
        raise FetchError(
            f"wrong content: expected sha256 {file.sha256}, got {found} ({size} bytes)"
        )
