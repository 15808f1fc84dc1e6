"""The runs of one stage for TensorBoard, written while it works: a folder a training.

`shown` writes down which results they belong to, so that `python -m pipeline board` knows whether
it has to write them anew.
"""

import hashlib
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from pipeline.board.events import EventFile, Spread
from pipeline.running.terminal import say

MARK = "shown"
P = ParamSpec("P")


def _harmless(
    method: Callable[Concatenate["Runs", P], None],
) -> Callable[Concatenate["Runs", P], None]:
    """Make a method stop all writing, with a note, if the disk is full: training must go on."""

    @wraps(method)
    def guarded(self: "Runs", *args: P.args, **options: P.kwargs) -> None:
        with self._lock:
            if self._broken:
                return
            try:
                method(self, *args, **options)
            except OSError as error:
                self._broken = True
                say(f"note: nothing more is written for TensorBoard: {error}")

    return guarded


class Runs:
    """The runs below a folder, begun afresh. Its methods may be called from several threads."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._files: dict[str, EventFile] = {}
        self._epochs: dict[str, int] = {}
        self._lock = threading.Lock()
        self._broken = False
        shutil.rmtree(folder, ignore_errors=True)

    @_harmless
    def begin(self, run: str, trial: str, values: Mapping[str, Any]) -> None:
        """Write a trial's hyperparameters, once."""
        if run not in self._files:
            self._file(run).begin(trial, values)

    @_harmless
    def epoch(
        self, run: str, epoch: int, row: Sequence[float], weights: Mapping[str, Spread]
    ) -> None:
        """Write an epoch, unless it has been: a training whose worker died begins again."""
        if epoch > self._epochs.get(run, 0):
            self._file(run).epoch(epoch, row, weights)
            self._epochs[run] = epoch

    @_harmless
    def scalars(self, run: str, epoch: int, values: Mapping[str, float]) -> None:
        """Write some scalars of an epoch."""
        self._file(run).scalars(epoch, values)

    @_harmless
    def end(self, run: str, curve: Sequence[Sequence[float]], failed: bool = False) -> None:
        """Write the epochs that were not reported while they ran, and close the run."""
        file = self._file(run)
        for epoch, row in enumerate(curve, start=1):
            if epoch > self._epochs.get(run, 0):
                file.epoch(epoch, row, {})
        file.end(failed)
        file.close()
        del self._files[run]

    @_harmless
    def graph(self, run: str, model: Mapping[str, Any]) -> None:
        """Write a model's graph as a run of its own, from what Keras' `to_json` gives."""
        file = EventFile(self.folder / run)
        file.graph(model)
        file.close()

    @_harmless
    def shown(self, *results: Path) -> None:
        """Write down that these runs show what is in these files."""
        mark(self.folder, *results)

    def _file(self, run: str) -> EventFile:
        if run not in self._files:
            self._files[run] = EventFile(self.folder / run)
        return self._files[run]


def mark(folder: Path, *results: Path) -> None:
    """Write down in a folder which results it shows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(_digest(*results), encoding="utf-8")


def shows(folder: Path, *results: Path) -> bool:
    """Check whether a folder shows what is in these files."""
    file = folder / MARK
    return file.exists() and file.read_bytes() == _digest(*results).encode()


def _digest(*files: Path) -> str:
    """Compute one SHA-256 of some files; a missing one counts as empty."""
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes() if file.exists() else b""
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()
