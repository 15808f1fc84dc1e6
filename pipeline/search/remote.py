"""What runs on the workers of a Dask cluster: it keeps one process of ours beside each of them.

Sent there by value (`pipeline.search.cluster`); a Dask worker needs the Python packages, but
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

from pipeline.search.process import Answer, WorkerProcess, ask_twice


@dataclass(frozen=True)
class Question:
    """One trial for a Dask worker.

    Attributes:
        archive: Digest of the archive with code and data.
        hello: First message to a new process.
        message: The trial.
        seconds: Time limit.
        suspect: As in `process.ask_twice`.
        most: Trials after which a process is renewed.
    """

    archive: str
    hello: bytes
    message: bytes
    seconds: float | None
    suspect: bool
    most: int


def serve(question: Question, archive: bytes) -> tuple[Answer, bytes, bytes, str]:
    """Run one trial in the process beside this Dask worker.

    Returns what `ask_twice` does, that process's greeting, and the address of the Dask worker.

    One at a time: a trial of this project has the worker's memory for itself.
    """
    place: dict[str, Any] = get_worker().__dict__.setdefault("_convoy", {})
    with place.setdefault("lock", threading.Lock()):
        if place.get("archive") != question.archive:
            clear(place)
            folder = Path(tempfile.mkdtemp(prefix="convoy-", dir=get_worker().local_directory))
            zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
            place.update(archive=question.archive, folder=folder)

        def start(fresh: bool) -> WorkerProcess:
            process: WorkerProcess | None = place.get("process")
            if process and process.alive and process.asked < (0 if fresh else question.most):
                return process
            if process:
                process.close()
            process = place["process"] = WorkerProcess(place["folder"], {})
            process.greet(question.hello)
            return process

        kind, answer = ask_twice(start, question.message, question.seconds, question.suspect)
        return kind, answer, place["process"].greeting, get_worker().address


def clear(place: dict[str, Any]) -> None:
    """End the process and remove its folder."""
    process, folder = place.pop("process", None), place.pop("folder", None)
    place.pop("archive", None)
    if process:
        process.close()
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


def leave(dask_worker: Worker) -> None:
    """Leave the Dask worker as it was found."""
    place = dask_worker.__dict__.pop("_convoy", None)
    if place is not None:
        clear(place)
