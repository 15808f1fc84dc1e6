"""Calling DVC from Python, whether or not its environment is activated."""

import os
import subprocess
import sys
from pathlib import Path


def dvc(*arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the DVC that is installed beside this Python, and stages with this Python.

    Args:
        arguments: What stands behind `dvc` on the command line.
        quiet: Whether to catch what it prints; else the user sees it.
    """
    # dvc.yaml calls `python`, and outside .venv that is another one or none.
    beside = Path(sys.executable).parent
    path = os.pathsep.join([str(beside), os.environ.get("PATH", os.defpath)])
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, env=os.environ | {"PATH": path}, capture_output=quiet, text=True)
