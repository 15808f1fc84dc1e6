"""Seeds that a final training has finished, kept for the case that the whole of it is not recorded.

They lie in the state folder, named after the digest of everything that they depend on, so that a
training that was interrupted goes on with its next seed, and an edited one starts afresh. Trainings
that run at the same time share them: a seed is one file, there in whole or not at all.
"""

import hashlib
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.base import paths
from pipeline.base.files import replacing
from pipeline.base.locks import claimed
from pipeline.running.terminal import say
from pipeline.training.fitting import Epoch

# Long enough to come back to a training that was interrupted.
KEPT_SECONDS = 30 * 24 * 3600


class FinishedSeeds:
    """The finished seeds of one training. Those of any training are dropped after a month.

    Args:
        depends_on: Everything that their models depend on besides the seed.
    """

    def __init__(self, depends_on: Mapping[str, Any]):
        self.depends_on = depends_on
        text = json.dumps(depends_on, sort_keys=True)
        self.name = hashlib.sha256(text.encode()).hexdigest()[:32]
        self.folder = paths.state() / "training"
        _drop_old(self.folder)

    def missing(self, seeds: Sequence[int]) -> list[int]:
        """Name those of these seeds that are not finished."""
        return [seed for seed in seeds if not self._file(seed).exists()]

    def bring(self, seed: int, model: Path) -> list[Epoch] | None:
        """Put a finished seed's model to `model` and give its learning curve; None if not done."""
        try:
            with zipfile.ZipFile(self._file(seed)) as archive:
                content, curve = archive.read("model"), json.loads(archive.read("curve"))
        except (FileNotFoundError, zipfile.BadZipFile):  # a power cut can tear it
            return None
        with replacing(model) as scratch:
            scratch.write_bytes(content)
        return [Epoch(**row) for row in curve]

    def claim(self, seed: int) -> AbstractContextManager[None]:
        """Hold a seed, so that no other training computes it meanwhile; wait while another does."""
        waits = f"waiting for seed {seed}, which another training is at"
        return claimed(self._file(seed).with_suffix(".lock"), lambda: say(waits))

    def keep(self, seed: int, model: Path, curve: Sequence[Epoch]) -> None:
        """Keep a seed that has just been finished."""
        rows = [asdict(epoch) for epoch in curve]
        with replacing(self._file(seed)) as scratch, zipfile.ZipFile(scratch, "w") as archive:
            archive.write(model, "model")
            archive.writestr("curve", json.dumps(rows))

    def _file(self, seed: int) -> Path:
        return self.folder / f"{self.name}-{seed}.zip"


def _drop_old(folder: Path) -> None:
    """Drop the seeds that nobody has come back to, and what a kill has left beside them."""
    for file in folder.glob("*"):
        with suppress(FileNotFoundError):  # another training drops them too
            if time.time() - file.stat().st_mtime > KEPT_SECONDS:
                file.unlink()
