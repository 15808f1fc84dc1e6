"""One finished training as a line of JSON with a checksum."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.base.parsing import ContentError, json_of
from pipeline.training.work import Kind, Result

VERSION = 1
# "trial_seconds" and "memory" (bytes); None for no limit.
Limits = Mapping[str, float | None]


@dataclass(frozen=True)
class Entry:
    """One line of the store.

    Attributes:
        key: Name of the result (`Work.key`).
        kind: For listing and pruning.
        architecture: For listing and pruning.
        context: Digest of the data and the software (`pipeline.training.fingerprint`).
        result: What came out.
        limits: The limits it ran under.
        seconds: Wall time it took.
        ended: When it ended, in seconds since 1970.
        payload: CRC-32 of the payload, which `Store.add` sets; None if there was none.
    """

    key: str
    kind: Kind
    architecture: str
    context: str
    result: Result
    limits: Limits
    seconds: float
    ended: float
    payload: int | None = None

    def holds(self, limits: Limits) -> bool:
        """Return whether the result may be used under these limits.

        What completed, stopped, or failed by its specification holds everywhere. What ran out of
        time or memory holds where there is no more of it. What killed its process holds until it
        is pruned, unless it ran under a memory limit: TensorFlow may crash where it gets no memory.
        """
        names = {"time": "trial_seconds", "memory": "memory", "killed": "memory"}
        name = names.get(self.result.cause)
        if name is None:
            return True
        had, have = self.limits.get(name), limits.get(name)
        if had is None and self.result.cause == "killed":
            return True
        return had == have or (had is not None and have is not None and have < had)

    def encode(self) -> bytes:
        """Return the line, with the line end."""
        text = json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)
        crc32 = zlib.crc32(text.encode())
        return f'{{"version": {VERSION}, "crc32": {crc32}, "entry": {text}}}\n'.encode()

    @classmethod
    def decode(cls, line: bytes) -> "Entry":
        """Read a line.

        Raises:
            ContentError: it is of another version, damaged, or something else.
        """
        content = json_of(line, dict[str, Any])
        if content.get("version") != VERSION:
            raise ContentError(f"version {content.get('version')!r}, this is version {VERSION}")
        entry = content.get("entry")
        # What is no text of UTF-8 was not written here, and its checksum will not fit.
        text = json.dumps(entry, ensure_ascii=False).encode(errors="replace")
        if zlib.crc32(text) != content.get("crc32"):
            raise ContentError("its checksum is wrong")
        return json_of(text, cls)
