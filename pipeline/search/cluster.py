"""Trials on a running Dask cluster, whose workers share no disk with this machine."""

import functools
import io
import pickle
import time
import uuid
import zipfile
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import cloudpickle
from distributed import Client, Future
from distributed.scheduler import KilledWorker

from pipeline.base.code_digest import ROOT
from pipeline.search import process, remote
from pipeline.search.records import Outcome, TrialResult, TrialSpec
from pipeline.search.workers import (
    TRIALS_A_PROCESS,
    Setting,
    WorkerError,
    check_software,
    outcome,
)

# How long to wait for a scheduler and for its first worker.
CONNECT_SECONDS = 60


class Cluster:
    """The workers of a Dask scheduler. Code and data are sent to each of them once."""

    concurrent = True

    def __init__(self, setting: Setting, address: str):
        """Connect, and send what trials need.

        Raises:
            WorkerError: no scheduler answers, or it has no worker.
        """
        self.setting, self.address, self.closed = setting, address, False
        self.name = uuid.uuid4().hex
        for module in (process, remote):
            cloudpickle.register_pickle_by_value(module)
        try:
            self.client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
            self.client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except (OSError, TimeoutError) as error:
            raise WorkerError(
                f"CONVOY_SCHEDULER={address}: no scheduler with a worker answers there ({error}). "
                "See docs/cluster.md."
            ) from None
        self.archive = pack(setting)
        self.sent = self._send()

    def run(self, spec: TrialSpec, state: bytes | None, suspect: bool) -> Outcome:
        """Run one trial on any worker; Dask starts it again if its worker is lost."""
        start = time.monotonic()
        question = remote.Question(
            self.name,
            self.setting.hello("train", "validation"),
            pickle.dumps(self.setting.job(spec, state)),
            self.setting.patience,
            suspect,
            TRIALS_A_PROCESS,
        )
        try:
            kind, answer, greeting, worker = self._ask(question)
        except KilledWorker as error:
            result = TrialResult("failed", reason=f"Dask workers died: {error}", cause="killed")
            return Outcome(result, None, time.monotonic() - start)
        except (process.WorkerDiedError, process.WorkerTimeoutError) as error:
            self._check_open()
            raise WorkerError(f"a worker of {self.address} cannot run trials: {error}") from None
        if kind != "answer":
            self._check_open()
        check_software(self.setting.software, pickle.loads(greeting), f"the Dask worker {worker}")
        return outcome(kind, answer, time.monotonic() - start)

    def close(self) -> None:
        """End this search's processes on the workers, and the connection."""
        self.closed = True
        self.client.run(remote.leave, self.name)
        self.client.close()

    def _send(self) -> Future:
        return self.client.scatter(self.archive, broadcast=True, hash=False)

    def _ask(self, question: remote.Question) -> Any:
        task = _Shipped(functools.partial(remote.serve, question))
        try:
            return self.client.submit(task, self.sent, pure=False).result()
        except CancelledError:
            self._check_open()
            # Every worker that held the archive is gone.
            self.sent = self._send()
            return self.client.submit(task, self.sent, pure=False).result()

    def _check_open(self) -> None:
        """Keep what was ended by `close`, which says nothing about a trial, from being written."""
        if self.closed:
            raise WorkerError("the search was stopped")


class _Shipped:
    """A function that takes its code along. Dask itself would send but a name of it."""

    def __init__(self, function: Callable):
        self.payload = cloudpickle.dumps(function)

    def __reduce__(self) -> tuple[Callable, tuple[bytes]]:
        return cloudpickle.loads, (self.payload,)

    def __call__(self, *arguments: Any) -> Any:
        return cloudpickle.loads(self.payload)(*arguments)


def pack(setting: Setting) -> bytes:
    """Pack code and both splits into one archive; the same content gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted((ROOT / "pipeline").rglob("*.py")):
            _add(archive, path, path.relative_to(ROOT).as_posix())
        for name, split in (("train", setting.train), ("validation", setting.validation)):
            for path in sorted(split.folder.iterdir()):
                _add(archive, path, f"{name}/{path.name}")
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
