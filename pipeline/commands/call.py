"""The call of DVC from Python, which works without an activated environment."""

import os
import subprocess
import sys
from pathlib import Path


def dvc(*arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the DVC that is installed beside this Python, and its stages with this Python.

    Args:
        arguments: The arguments of `dvc` on the command line.
        quiet: Whether to capture the output instead of showing it to the user.
    """
    # dvc.yaml calls `python`; without an activated .venv that is another Python or none.
    beside = Path(sys.executable).parent
    path = os.pathsep.join([str(beside), os.environ.get("PATH", os.defpath)])
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, env=os.environ | {"PATH": path}, capture_output=quiet, text=True)
