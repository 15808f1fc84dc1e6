"""Seeds that a final training has finished, kept until the whole of it is done.

They lie in the state folder under the digest of everything that they depend on, so that a training
that was interrupted goes on with its next seed, and an edited one starts afresh.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline import paths
from pipeline.files import read_json, replacing, write_json
from pipeline.training.fitting import Epoch


class FinishedSeeds:
    """The finished seeds of one training.

    Args:
        depends_on: Everything that their models depend on besides the seed.
    """

    def __init__(self, depends_on: Mapping[str, Any]):
        text = json.dumps(depends_on, sort_keys=True)
        self.folder = paths.state() / "training" / hashlib.sha256(text.encode()).hexdigest()[:32]

    def bring(self, seed: int, model: Path) -> list[Epoch] | None:
        """Put a finished seed's model to `model` and give its learning curve; None if not done."""
        curve = self.folder / f"{seed}.json"
        if not curve.exists():
            return None
        with replacing(model) as scratch:
            shutil.copyfile(self.folder / f"{seed}.keras", scratch)
        return [Epoch(**row) for row in read_json(curve)]

    def keep(self, seed: int, model: Path, curve: Sequence[Epoch]) -> None:
        """Keep a seed that has just been finished."""
        with replacing(self.folder / f"{seed}.keras") as scratch:
            shutil.copyfile(model, scratch)
        # Last, because it is what says that the seed is done.
        write_json(self.folder / f"{seed}.json", [asdict(epoch) for epoch in curve])

    def forget(self) -> None:
        """Drop them: the whole training is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
