"""What runs on the workers of a Dask cluster: it keeps one process of ours beside each of them.

Several searches may use a worker. It runs one trial at a time and keeps one process, because a
trial has the worker's memory, or its GPU, for itself; for a trial of another search the process is
exchanged.

Sent there by value (`pipeline.workers.cluster`); a Dask worker needs the Python packages, but
neither this repository nor a disk in common.
"""

import io
import shutil
import tempfile
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Worker, get_worker

from pipeline.workers.process import (
    Answer,
    WorkerDiedError,
    WorkerProcess,
    ask_twice,
    ignore,
    renewed,
)


@dataclass(frozen=True)
class Question:
    """One trial for a Dask worker.

    Attributes:
        search: Names the search that asks; no two are named alike.
        hello: First message to a new process.
        message: The trial.
        seconds: Time limit.
        suspect: As in `process.ask_twice`.
    """

    search: str
    hello: bytes
    message: bytes
    seconds: float | None
    suspect: bool


def serve(question: Question, archive: bytes) -> tuple[Answer, bytes, bytes, str]:
    """Run one trial in the process beside this Dask worker.

    Returns what `ask_twice` does, that process's greeting, and the address of the Dask worker.

    Raises:
        WorkerDiedError: no process could be started, or the search has left meanwhile.
    """
    dask_worker = get_worker()
    place = _place(dask_worker)
    greeting = b""

    def start(most: int) -> WorkerProcess:
        nonlocal greeting
        process = _process(place, question, most)
        greeting = process.greet(question.hello)
        return process

    with place["trial"]:
        _enter(place, question, archive, dask_worker.local_directory)
        kind, answer = ask_twice(
            start, question.message, question.seconds, question.suspect, ignore
        )
        return kind, answer, greeting, dask_worker.address


def leave(search: str, dask_worker: Worker) -> None:
    """End what a search has running or kept on a Dask worker; leave other searches alone."""
    place = _place(dask_worker)
    with place["guard"]:
        place["left"].add(search)
        if place.get("search") == search:
            _clear(place)


def _place(dask_worker: Worker) -> dict[str, Any]:
    """Return what is ours on a Dask worker.

    "trial" is held while a trial runs; "guard" for moments, over all that follows. "left" names
    the searches that have ended. "search" is the one that "folder" and "process" belong to.
    """
    new = {"trial": threading.Lock(), "guard": threading.Lock(), "left": set()}
    return dask_worker.__dict__.setdefault("_convoy_place", new)


def _enter(place: dict[str, Any], question: Question, archive: bytes, scratch: str) -> None:
    """Hand the place to the search that asks: unpack its code and data, unless they are there."""
    with place["guard"]:
        _check_open(place, question)
        if place.get("search") == question.search:
            return
        _clear(place)
        place["folder"] = Path(tempfile.mkdtemp(prefix="convoy-", dir=scratch))
        zipfile.ZipFile(io.BytesIO(archive)).extractall(place["folder"])
        place["search"] = question.search


def _process(place: dict[str, Any], question: Question, most: int) -> WorkerProcess:
    """Return the process of the place, renewed if need be."""
    with place["guard"]:
        _check_open(place, question)
        place["process"] = renewed(
            place.get("process"), most, lambda: WorkerProcess(place["folder"], {})
        )
        return place["process"]


def _check_open(place: dict[str, Any], question: Question) -> None:
    """Refuse a question that was still waiting when its search ended."""
    if question.search in place["left"]:
        raise WorkerDiedError("the search has ended")


def _clear(place: dict[str, Any]) -> None:
    """End the process and remove its folder. The guard must be held."""
    process, folder = place.pop("process", None), place.pop("folder", None)
    place.pop("search", None)
    if process:
        process.close()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
