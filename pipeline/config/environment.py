"""What the environment says about where and how fast trainings run: workers, memory, cluster, GPUs.

No result depends on it.
"""

import os
import re
from pathlib import Path

import numpy as np
import psutil

from pipeline.base import paths
from pipeline.base.errors import ConvoyError

WORKERS = "CONVOY_WORKERS"
MEMORY = "CONVOY_WORKER_MEMORY"
SCHEDULER = "CONVOY_SCHEDULER"
UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

# Shorter work is done before a second worker has started; values are those of all pixels of all
# images of all epochs. Sixteen trials of four epochs on MNIST are 2,500 million.
LONG_WORK = 200_000_000
# What a worker holds when it trains on photographs.
WORKER_BYTES = 1_500_000_000


class EnvironmentVariableError(ConvoyError):
    """A CONVOY_* variable with a value that is not allowed."""


def workers() -> int | None:
    """Read CONVOY_WORKERS: how many models are trained at a time here; None unless it is set.

    Raises:
        EnvironmentVariableError: it is not a whole number from 1.
    """
    text = os.environ.get(WORKERS)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise EnvironmentVariableError(f"{WORKERS}={text}: allowed: a whole number from 1")
    return int(text)


def usual_workers(threads: int, epochs: int) -> int:
    """Return how many models are trained at a time here if CONVOY_WORKERS does not say it.

    One for short work; else one a GPU, or, without GPUs, as many as cores and free memory allow.

    Args:
        threads: Threads a training.
        epochs: Epochs of all trainings together.
    """
    images = paths.TRAIN / "images.npy"
    if not images.exists() or epochs * np.load(images, mmap_mode="r").size < LONG_WORK:
        return 1
    if found := gpus():
        return len(found)
    fitting = psutil.virtual_memory().available // WORKER_BYTES
    return max(1, min(cores() // threads, fitting))


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


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_variables(number: int) -> dict[str, str]:
    """Return the variables that give process `number` its GPU, in turn, if there is any here."""
    found = gpus()
    return {"CUDA_VISIBLE_DEVICES": found[number % len(found)]} if found else {}


def gpus() -> list[str]:
    """Return the names by which CUDA knows the GPUs that this process may use."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        found = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
        return [str(index) for index in range(found)]
    return [name for name in listed.split(",") if name]
