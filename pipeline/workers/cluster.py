"""Trainings on a running Dask cluster, whose workers share no disk with this machine."""

import functools
import io
import math
import pickle
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
from distributed import Client, Future
from distributed.scheduler import KilledWorker

from pipeline.base import paths
from pipeline.base.code_digest import ROOT
from pipeline.base.files import files_of
from pipeline.base.text import without_credentials, without_secrets_of
from pipeline.config import environment
from pipeline.training.work import Outcome, Progress, Result, Work
from pipeline.workers import process, remote
from pipeline.workers.pool import Pool, Setup, WorkerError, check_software, outcome

# How long to wait for a scheduler and for its first worker.
CONNECT_SECONDS = 60


@dataclass
class _Sent:
    """Code and data, as sent to the workers: a name for them, the bytes, where Dask has them."""

    name: str
    archive: bytes
    future: Future


class Cluster(Pool):
    """The workers of a Dask scheduler. Code and data are sent to each of them once."""

    concurrent = True

    def __init__(self, address: str, most: int, memory: int | None):
        """Connect.

        Raises:
            WorkerError: no scheduler answers, or it has no worker.
        """
        super().__init__(math.inf, most, memory)  # workers come and go
        self.address, self.closed = address, False
        self._sent: dict[tuple[Path, Path], _Sent] = {}
        self._mutex = threading.Lock()
        for module in (process, remote):
            cloudpickle.register_pickle_by_value(module)
        try:
            self.client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
            self.client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except (OSError, TimeoutError) as error:
            where, reason = without_credentials(address), without_secrets_of(address, str(error))
            raise WorkerError(
                f"{environment.SCHEDULER}={where}: no scheduler with a worker answers there "
                f"({reason}). See docs/cluster.md."
            ) from None

    def run(
        self, setup: Setup, work: Work, start: bytes | None, suspect: bool, progress: Progress
    ) -> Outcome:
        """Compute one training on any worker; Dask starts it again if its worker is lost.

        Epochs are not reported: Dask brings a task's answer alone.
        """
        begun = time.monotonic()
        sent = self._send(setup)
        question = remote.Question(
            sent.name,
            setup.hello("train", "validation"),
            setup.question(work, start),
            setup.patience,
            suspect,
        )
        try:
            kind, answer, greeting, worker = self._ask(question, sent)
        except KilledWorker as error:
            result = Result("failed", reason=f"Dask workers died: {error}", cause="killed")
            return Outcome(result, None, time.monotonic() - begun)
        except (process.WorkerDiedError, process.WorkerTimeoutError) as error:
            self._check_open()
            where = without_credentials(self.address)
            raise WorkerError(f"a worker of {where} cannot train: {error}") from None
        if kind != "answer":
            self._check_open()
        check_software(setup.software, pickle.loads(greeting), f"the Dask worker {worker}")
        return outcome(kind, answer, time.monotonic() - begun)

    def close(self) -> None:
        """End the processes on the workers that are ours, and the connection."""
        if self.closed:
            return
        self.closed = True
        for sent in self._sent.values():
            self.client.run(remote.leave, sent.name)
        self.client.close()

    def _send(self, setup: Setup) -> _Sent:
        """Send code and data to all workers, unless they have them."""
        folders = setup.train.folder, setup.validation.folder
        with self._mutex:
            if folders not in self._sent:
                archive = pack(*folders)
                self._sent[folders] = _Sent(uuid.uuid4().hex, archive, self._scatter(archive))
            return self._sent[folders]

    def _scatter(self, archive: bytes) -> Future:
        return self.client.scatter(archive, broadcast=True, hash=False)

    def _ask(self, question: remote.Question, sent: _Sent) -> Any:
        task = _Shipped(functools.partial(remote.serve, question))
        try:
            return self.client.submit(task, sent.future, pure=False).result()
        except CancelledError:
            self._check_open()
            # Every worker that held the archive is gone.
            sent.future = self._scatter(sent.archive)
            return self.client.submit(task, sent.future, pure=False).result()

    def _check_open(self) -> None:
        """Keep what was ended by `close`, which says nothing about a training, from being kept."""
        if self.closed:
            raise WorkerError("stopped before it was done")


class _Shipped:
    """A function that takes its code along. Dask itself would send but a name of it."""

    def __init__(self, function: Callable):
        self.payload = cloudpickle.dumps(function)

    def __reduce__(self) -> tuple[Callable, tuple[bytes]]:
        return cloudpickle.loads, (self.payload,)

    def __call__(self, *arguments: Any) -> Any:
        return cloudpickle.loads(self.payload)(*arguments)


def pack(train: Path, validation: Path) -> bytes:
    """Pack code, published weights and both splits; the same content gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted((ROOT / "pipeline").rglob("*.py")):
            _add(archive, path, path.relative_to(ROOT).as_posix())
        for path in files_of(paths.WEIGHTS):
            _add(archive, path, path.as_posix())
        for name, split in (("train", train), ("validation", validation)):
            for path in sorted(split.iterdir()):
                _add(archive, path, f"{name}/{path.name}")
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
