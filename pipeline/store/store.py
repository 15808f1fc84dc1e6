"""The store: every training that has ended, on disk at once, so that none is computed twice.

One line of JSON a training, appended and fsynced under a lock; a payload (a model, a checkpoint) is
a file beside it. It is a cache: deleting it changes no result, but for trainings that a limit of
time or memory ends, which the machine decides anew. While a training runs there are also its claim
(so that two processes do not compute it at once) and its attempts (so that a training that kills
its process is recognised).
"""

import contextlib
import os
import shutil
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.base.errors import ConvoyError
from pipeline.base.files import replacing, write_json
from pipeline.base.locks import claimed
from pipeline.base.parsing import ContentError
from pipeline.store.entry import Entry, Limits

FILE = "entries.jsonl"
# Payloads that nobody has used for a month are dropped. That is long enough to come back to what
# was interrupted, and models of many trainings would fill a disk.
PAYLOAD_SECONDS = 30 * 24 * 3600


class StoreError(ConvoyError):
    """The store cannot be written."""


class Store:
    """The store in one folder, as this process sees it; safe for use from several threads."""

    def __init__(self, folder: Path, report: Callable[[str], None]):
        """Open the store; drop the payloads that nobody has used for long.

        Args:
            folder: Where it is.
            report: Called with what the user should know; a damaged line is reported once.
        """
        self.folder, self.path, self.payloads = folder, folder / FILE, folder / "payloads"
        self.contexts, self.claims = folder / "contexts", folder / "claims"
        self.report = report_once(report)
        self._entries: dict[str, Entry] = {}
        self._read_to = self._inode = 0
        self._mutex = threading.RLock()
        try:
            for made in (self.claims, self.payloads):
                made.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{folder}: cannot keep the store here: {error}. Make it readable and writable for "
                "you, or set CONVOY_STATE to another folder."
            ) from None
        with self._locked():
            self._catch_up()
        self._drop_old_payloads()

    def find(self, key: str, limits: Limits) -> Entry | None:
        """Look up a training, also among those that other processes have added meanwhile."""
        with self._locked():
            self._catch_up()
            entry = self._entries.get(key)
        return entry if entry is not None and entry.holds(limits) else None

    def payload(self, key: str) -> bytes | None:
        """Read the payload of a training; None if there is none, or it is damaged.

        Another process may drop it at any moment, and a power cut can tear it. A damaged one is
        dropped with a note: its training runs again.
        """
        entry, file = self._entries.get(key), self._payload_file(key)
        try:
            content = file.read_bytes()
            with contextlib.suppress(OSError):  # it may be another user's, or the disk read-only
                os.utime(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._damaged(file, (error.strerror or str(error)).lower())
            return None
        if entry is None or entry.payload is None:
            return None
        if entry.payload != zlib.crc32(content):
            self._damaged(file, "its checksum is wrong")
            return None
        return content

    def _damaged(self, file: Path, problem: str) -> None:
        """Put out of the way what is no file of the store, or a damaged one."""
        self.report(f"{file}: {problem}; it is not used, and its training will run again")
        with contextlib.suppress(OSError):
            if file.is_dir():
                shutil.rmtree(file)
            else:
                file.unlink()

    def add(self, entry: Entry, payload: bytes | None) -> None:
        """Append an entry and write its payload; both are on the disk when this returns.

        Raises:
            StoreError: they cannot be written, because the disk is full for example.
        """
        try:
            if payload is not None:
                entry = replace(entry, payload=zlib.crc32(payload))
                with replacing(self._payload_file(entry.key)) as scratch:
                    scratch.write_bytes(payload)
            with self._locked():
                self._catch_up()
                _append(self.path, entry.encode(), keep=self._read_to)
                self._catch_up()
        except OSError as error:
            raise StoreError(
                f"{self.path}: cannot write a finished training: {error}. Make room, or set "
                "CONVOY_STATE to another folder, and run again; earlier trainings are kept."
            ) from None

    def drop_payload(self, key: str) -> None:
        """Drop the payload of a training; its result stays."""
        self._payload_file(key).unlink(missing_ok=True)

    @contextmanager
    def claim(self, key: str, title: str) -> Iterator[int]:
        """Hold a training, so that no other process computes it; wait while another does.

        Yields the number of earlier attempts whose process died with them. The attempt counts as
        such unless the block ends, normally or by an exception.
        """
        lock, attempts = self.claims / f"{key}.lock", self.claims / f"{key}.attempts"
        waits = f"waiting for {title}, which another process is training"
        with claimed(lock, lambda: self.report(waits)):
            if os.path.lexists(attempts) and not attempts.is_file():
                self._damaged(attempts, "something else in the place of a file")
            before = attempts.stat().st_size if attempts.exists() else 0
            _append(attempts, b".", keep=before)
            try:
                yield before
            finally:
                attempts.unlink(missing_ok=True)

    def describe(self, context: str, described: dict) -> None:
        """Write down what a context stands for, for whoever looks; the date says when it was used.

        `pipeline.commands.store` takes the context that was used last for the current one.
        """
        write_json(self.contexts / f"{context}.json", described)

    def entries(self) -> list[Entry]:
        """List everything that can be used."""
        return list(self._entries.values())

    def keep(self, wanted: Callable[[Entry], bool]) -> int:
        """Rewrite the store with the wanted entries alone, and drop what belongs to none of them.

        Returns:
            How many entries were dropped.
        """
        with self._locked():
            self._catch_up()
            kept = [entry for entry in self._entries.values() if wanted(entry)]
            dropped = len(self._entries) - len(kept)
            scratch = self.path.with_suffix(".part")
            with scratch.open("wb") as stream:
                stream.writelines(entry.encode() for entry in kept)
                stream.flush()
                os.fsync(stream.fileno())
            scratch.replace(self.path)
            self._catch_up()
        self._drop_leftovers(kept)
        return dropped

    def _drop_leftovers(self, kept: list[Entry]) -> None:
        """Drop payloads and contexts that belong to no entry, and attempts that were cut short."""
        keys, contexts = {entry.key for entry in kept}, {entry.context for entry in kept}
        for folder, names in ((self.payloads, keys), (self.contexts, contexts)):
            for file in folder.glob("[!.]*"):  # what begins with a dot is being written
                if file.stem not in names:
                    file.unlink(missing_ok=True)
        for file in self.claims.glob("*.attempts"):
            lock = file.with_suffix(".lock")
            # A training that runs at this moment holds its lock; its attempt is left alone.
            with contextlib.suppress(Timeout), FileLock(lock, timeout=0):
                file.unlink(missing_ok=True)
                lock.unlink(missing_ok=True)

    def _drop_old_payloads(self) -> None:
        """Drop old payloads, and what a kill has left of one that was being written."""
        for file in self.payloads.glob("*"):
            with contextlib.suppress(FileNotFoundError):  # another process drops them too
                if time.time() - file.stat().st_mtime > PAYLOAD_SECONDS:
                    file.unlink()

    def _payload_file(self, key: str) -> Path:
        return self.payloads / key

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._mutex, FileLock(self.folder / "lock"):
            yield

    def _catch_up(self) -> None:
        """Read what has been appended since the last time. The lock must be held."""
        if os.path.lexists(self.path) and not self.path.is_file():
            self._damaged(self.path, "something else in the place of a file")
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
                f"{self.path}: the last line is torn; its training will run again, the rest is used"
            )
            # Cut off, so that the next line does not become part of it.
            os.truncate(self.path, size - len(torn))
        self._read_to = size - len(torn)

    def _take(self, line: bytes) -> None:
        try:
            entry = Entry.decode(line)
        except ContentError as problem:
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


def report_once(say: Callable[[str], None]) -> Callable[[str], None]:
    """Return a function that says each text once."""
    said: set[str] = set()

    def report(text: str) -> None:
        if text not in said:
            said.add(text)
            say(text)

    return report
