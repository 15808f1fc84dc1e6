"""How many processes the environment asks for, and which GPU each of them gets.

No result depends on it.
"""

import os
from pathlib import Path

from pipeline.base.errors import ConvoyError

WORKERS = "CONVOY_WORKERS"


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


def device_variables(number: int) -> dict[str, str]:
    """Give process `number` its GPU, if this machine has any, in turn."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        found = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
        gpus = [str(index) for index in range(found)]
    else:
        gpus = [name for name in listed.split(",") if name]
    return {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} if gpus else {}
