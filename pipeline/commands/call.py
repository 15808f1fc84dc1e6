"""The call of DVC from Python, which works without an activated environment."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.base import paths


def dvc(
    *arguments: str, quiet: bool = False, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the DVC that is installed beside this Python, and its stages with this Python.

    Args:
        arguments: The arguments of `dvc` on the command line.
        quiet: Whether to capture the output instead of showing it to the user.
        folder: Another checkout to run it in, which uses the state of this one.
    """
    # dvc.yaml calls `python`; without an activated .venv that is another Python or none.
    beside = Path(sys.executable).parent
    path = os.pathsep.join([str(beside), os.environ.get("PATH", os.defpath)])
    environment = os.environ | {"PATH": path}
    if folder:
        environment["CONVOY_STATE"] = str(paths.state().absolute())
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=folder,
        env=environment,
        capture_output=quiet,
        text=True,
    )
