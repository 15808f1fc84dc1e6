"""The ledger: every trial that has ended, on disk at once, so that none is ever run twice.

One line of JSON a trial, appended and fsynced under a lock. It is a cache: deleting it changes
no result. Beside it lie, while a trial runs, its claim (so that two searches do not run the same
trial at once) and its attempts (so that a trial that kills its process is recognised).
"""

import json
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from pipeline.base.errors import ConvoyError
from pipeline.base.locks import claimed
from pipeline.search.records import TrialResult

VERSION = 1
FILE = "trials.jsonl"


class LedgerError(ConvoyError):
    """The ledger cannot be written."""


@dataclass(frozen=True)
class Entry:
    """One line.

    Attributes:
        key: Names the trial (`TrialSpec.key`).
        architecture: For listing and pruning.
        context: Digest of the data and the software (`pipeline.search.context`).
        result: What came out.
        limits: The limits it ran under: "trial_seconds" and "memory" (bytes), None for none.
        seconds: Wall time it took.
        ended: When it ended, in seconds since 1970.
    """

    key: str
    architecture: str
    context: str
    result: TrialResult
    limits: dict[str, float | None]
    seconds: float
    ended: float

    def holds(self, limits: dict[str, float | None]) -> bool:
        """Tell whether the result may be used under these limits.

        What completed, stopped, or failed by its specification holds everywhere. A trial that
        ran out of time or memory holds where there is no more of it. One that killed its process
        holds until it is pruned, unless it ran under a memory limit: TensorFlow may crash where it
        gets no memory.
        """
        names = {"time": "trial_seconds", "memory": "memory", "killed": "memory"}
        name = names.get(self.result.cause)
        if name is None:
            return True
        had, have = self.limits.get(name), limits.get(name)
        if had is None and self.result.cause == "killed":
            return True
        return had == have or (had is not None and have is not None and have < had)


class Ledger:
    """The ledger in one folder, as this process sees it; safe for use from several threads."""

    def __init__(self, folder: Path, report: Callable[[str], None] = print):
        """Open the ledger; what is unreadable in it is reported once and never used."""
        self.folder = folder
        self.path = folder / FILE
        self.report = report
        self._entries: dict[str, Entry] = {}
        self._read_to = self._inode = 0
        self._mutex = threading.RLock()
        try:
            (folder / "claims").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"{folder}: cannot keep the ledger here: {error}") from None
        with self._locked():
            self._catch_up()

    def find(self, key: str, limits: dict[str, float | None]) -> Entry | None:
        """Look up a trial, also among those that other processes have added meanwhile."""
        with self._locked():
            self._catch_up()
            entry = self._entries.get(key)
        return entry if entry is not None and entry.holds(limits) else None

    def add(self, entry: Entry) -> None:
        """Append an entry; it is on the disk when this returns.

        Raises:
            LedgerError: it cannot be written, because the disk is full for example.
        """
        line = _encode(entry)
        with self._locked():
            self._catch_up()
            try:
                _append(self.path, line, keep=self._read_to)
            except OSError as error:
                raise LedgerError(
                    f"{self.path}: cannot write a finished trial: {error}. Make room, or set "
                    "CONVOY_STATE to another folder, and run again; earlier trials are kept."
                ) from None
            self._catch_up()

    @contextmanager
    def claim(self, key: str) -> Iterator[int]:
        """Hold a trial, so that no other search runs it meanwhile; wait while another does.

        Gives the number of earlier attempts whose process died with them. The attempt counts as
        such unless the block ends, normally or by an exception.
        """
        claims = self.folder / "claims"
        lock, attempts = claims / f"{key}.lock", claims / f"{key}.attempts"
        with claimed(lock, self._say_that_it_waits):
            before = attempts.stat().st_size if attempts.exists() else 0
            _append(attempts, b".", keep=before)
            try:
                yield before
            finally:
                attempts.unlink(missing_ok=True)

    def _say_that_it_waits(self) -> None:
        self.report("waiting for a trial that another search is running")

    def entries(self) -> list[Entry]:
        """List everything that can be used."""
        return list(self._entries.values())

    def keep(self, wanted: Callable[[Entry], bool]) -> int:
        """Rewrite the ledger with the wanted entries alone; return how many were dropped."""
        with self._locked():
            self._catch_up()
            kept = [entry for entry in self._entries.values() if wanted(entry)]
            dropped = len(self._entries) - len(kept)
            scratch = self.path.with_suffix(".part")
            with scratch.open("wb") as stream:
                stream.writelines(map(_encode, kept))
                stream.flush()
                os.fsync(stream.fileno())
            scratch.replace(self.path)
            self._catch_up()
        return dropped

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._mutex, FileLock(self.folder / "lock"):
            yield

    def _catch_up(self) -> None:
        """Read what has been appended since the last time. The lock must be held."""
        if not self.path.exists():
            self._entries, self._read_to = {}, 0
            return
        with self.path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            inode = os.fstat(stream.fileno()).st_ino
            if inode != self._inode or size < self._read_to:  # new to us, or pruned meanwhile
                self._entries, self._read_to, self._inode = {}, 0, inode
            stream.seek(self._read_to)
            content = stream.read()
        whole, _, torn = content.rpartition(b"\n")
        for line in whole.split(b"\n") if whole else []:
            self._take(line)
        if torn:
            self.report(
                f"{self.path}: the last line is torn; its trial will run again, the rest is used"
            )
            # Cut off, so that the next line does not become part of it.
            os.truncate(self.path, size - len(torn))
        self._read_to = size - len(torn)

    def _take(self, line: bytes) -> None:
        try:
            entry = _decode(line)
        except (ValueError, KeyError, TypeError) as problem:
            self.report(f"{self.path}: a line is not used: {problem}")
        else:
            self._entries[entry.key] = entry


def _append(path: Path, content: bytes, keep: int) -> None:
    """Append and fsync; on failure cut the file back to `keep` bytes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        try:
            rest = content
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, keep)
            raise
    finally:
        os.close(descriptor)


def _encode(entry: Entry) -> bytes:
    text = json.dumps(asdict(entry), ensure_ascii=False, allow_nan=False)
    crc32 = zlib.crc32(text.encode())
    return f'{{"version": {VERSION}, "crc32": {crc32}, "trial": {text}}}\n'.encode()


def _decode(line: bytes) -> Entry:
    content: dict[str, Any] = json.loads(line)
    if content["version"] != VERSION:
        raise ValueError(f"version {content['version']}, this is version {VERSION}")
    trial = content["trial"]
    if zlib.crc32(json.dumps(trial, ensure_ascii=False).encode()) != content["crc32"]:
        raise ValueError("its checksum is wrong")
    return Entry(**{**trial, "result": TrialResult.from_json(trial["result"])})


def report_once(say: Callable[[str], None]) -> Callable[[str], None]:
    """Say each text once."""
    said: set[str] = set()

    def report(text: str) -> None:
        if text not in said:
            said.add(text)
            say(text)

    return report
