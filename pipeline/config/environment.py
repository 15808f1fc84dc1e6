"""What the environment says about where and how fast trainings run: workers, memory, cluster, GPUs.

No result depends on it.
"""

import os
import re
from pathlib import Path

from pipeline.base.errors import ConvoyError

WORKERS = "CONVOY_WORKERS"
MEMORY = "CONVOY_WORKER_MEMORY"
SCHEDULER = "CONVOY_SCHEDULER"
UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class EnvironmentVariableError(ConvoyError):
    """A CONVOY_* variable with a value that is not allowed."""


def workers() -> int:
    """Read CONVOY_WORKERS: how many models are trained at a time here; 1 unless it is set.

    Raises:
        EnvironmentVariableError: it is not a whole number from 1.
    """
    text = os.environ.get(WORKERS, "1")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise EnvironmentVariableError(f"{WORKERS}={text}: allowed: a whole number from 1")
    return int(text)


def memory() -> int | None:
    """Read CONVOY_WORKER_MEMORY: the most bytes a worker may hold; None unless it is set.

    Raises:
        EnvironmentVariableError: it is not a size.
    """
    text = os.environ.get(MEMORY)
    if not text:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMG]i?B)?", text)
    if not match or not float(match[1]):
        raise EnvironmentVariableError(
            f"{MEMORY}={text}: allowed: a number of bytes, or one with a unit such as 4GB or 512MiB"
        )
    return int(float(match[1]) * UNITS[match[2] or ""])


def scheduler() -> str | None:
    """Read CONVOY_SCHEDULER: the address of a Dask scheduler; None unless it is set."""
    return os.environ.get(SCHEDULER) or None


def device_variables(number: int) -> dict[str, str]:
    """Return the variables that give process `number` its GPU, in turn, if there is any here."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        found = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
        gpus = [str(index) for index in range(found)]
    else:
        gpus = [name for name in listed.split(",") if name]
    return {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}
