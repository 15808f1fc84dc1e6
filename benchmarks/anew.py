"""The committed project, computed anew in a scratch clone."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.utils.hydra import apply_overrides

from benchmarks import timed

ROOT = Path(__file__).parent.parent
LOG = "run.log"


@dataclass(frozen=True)
class Run:
    """One run of the pipeline: its workspace, wall and processor seconds."""

    workspace: Path
    wall: float
    processor: float

    def read(self, name: str) -> Any:
        """Read a JSON file of its results."""
        return json.loads((self.workspace / "results" / name).read_text(encoding="utf-8"))


def clone(workspace: Path) -> None:
    """Clone this project's last commit, without what is not committed."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(workspace)], check=True)


def quoted(text: str) -> str:
    """Write a text as the value of a change."""
    return json.dumps(text, ensure_ascii=False)


def repro(workspace: Path, changes: Sequence[str]) -> Run:
    """Run `dvc repro --force` in a clone, with nothing from earlier runs.

    Args:
        workspace: The clone.
        changes: What differs from its params.yaml, as `dvc exp run -S` takes it.

    Raises:
        subprocess.CalledProcessError: it failed; run.log in the clone says why.
    """
    apply_overrides(str(workspace / "params.yaml"), list(changes))
    environment = {name: value for name, value in os.environ.items() if name != "CONVOY_STATE"}
    mirror = environment.get("CONVOY_MIRROR", "")
    if Path(mirror).is_dir() and mirror:
        environment["CONVOY_MIRROR"] = str(Path(mirror).resolve())
    command = ["dvc", "repro", "--force"]
    seconds = timed.run(command, workspace, workspace / LOG, environment)
    return Run(workspace, seconds.wall, seconds.processor)
