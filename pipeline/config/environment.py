"""What the environment says about where and how fast trainings run: workers, memory, cluster, GPUs.

No result depends on it.
"""

import os
import re
import sys
from itertools import takewhile
from pathlib import Path

import psutil

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.text import brief, visible, without_credentials

WORKERS = "CONVOY_WORKERS"
MEMORY = "CONVOY_WORKER_MEMORY"
SCHEDULER = "CONVOY_SCHEDULER"
STATE = "CONVOY_STATE"
FORK = "CONVOY_FORK"
BACKEND, BACKENDS = "KERAS_BACKEND", ("tensorflow", "jax", "torch")
MOST_WORKERS, MOST_BYTES = 1024, 10**15
# What Dask connects to: a protocol, or none for tcp; inside a process, anything.
ADDRESS = re.compile(r"inproc://\S+|((tcp|tls|ws|wss|ucx)://)?[^\s/]+:[0-9]{1,5}/?")
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
        EnvironmentVariableError: it is not a whole number from 1 to 1,024.
    """
    text = os.environ.get(WORKERS)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= MOST_WORKERS:
        raise _refused(WORKERS, text, f"a whole number from 1 to {MOST_WORKERS:,}")
    return int(text)


def forks() -> bool:
    """Return whether worker processes are forked here: on Linux, without GPUs, unless forbidden.

    Raises:
        EnvironmentVariableError: CONVOY_FORK is neither 0 nor 1.
    """
    text = os.environ.get(FORK) or "1"
    if text not in ("0", "1"):
        raise _refused(FORK, text, "0 or 1")
    return text == "1" and sys.platform == "linux" and not gpus()


def usual_workers(threads: int, epochs: int) -> int:
    """Return how many models are trained at a time here if CONVOY_WORKERS does not say it.

    As many as cores and free memory allow, or one a GPU. But only one for short work, where each
    worker would have to import TensorFlow.

    Args:
        threads: Threads a training.
        epochs: Epochs of all trainings together.
    """
    import numpy as np  # only here: a stage that another process runs has no other use for it

    images = paths.TRAIN / "images.npy"
    if not images.exists():
        return 1
    if not forks() and epochs * np.load(images, mmap_mode="r").size < LONG_WORK:
        return 1
    if found := gpus():
        return len(found)
    fitting = psutil.virtual_memory().available // WORKER_BYTES
    return max(1, min(cores() // threads, fitting))


def memory() -> int | None:
    """Read CONVOY_WORKER_MEMORY: the most bytes a worker may hold; None unless it is set.

    Raises:
        EnvironmentVariableError: it is not a size, or less than a byte.
    """
    text = os.environ.get(MEMORY)
    if not text:
        return None
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([KMG]i?B)?", text)
    size = int(float(match[1]) * UNITS[match[2] or ""]) if match else 0
    if not 1 <= size <= MOST_BYTES:
        raise _refused(
            MEMORY,
            text,
            "at least one byte and at most a petabyte: a number of bytes, or one with a unit such "
            "as 4GB or 512MiB",
        )
    return size


def scheduler() -> str | None:
    """Read CONVOY_SCHEDULER: the address of a Dask scheduler; None unless it is set.

    Raises:
        EnvironmentVariableError: it is not an address.
    """
    text = os.environ.get(SCHEDULER)
    if not text:
        return None
    if not ADDRESS.fullmatch(text):
        raise _refused(SCHEDULER, text, "an address with a port, such as tcp://host:8786")
    return text


def check() -> None:
    """Check every variable that this project reads, before any work.

    Raises:
        EnvironmentVariableError: one has a value that is not allowed.
    """
    workers(), memory(), scheduler(), forks()
    backend = os.environ.get(BACKEND)
    if backend and backend not in BACKENDS:
        raise _refused(BACKEND, backend, " or ".join(BACKENDS))
    for folder in (paths.state(), *paths.state().parents):
        if folder.exists():
            if not folder.is_dir():
                raise _refused(STATE, str(paths.state()), f"a folder; {folder} is a file")
            break


def _refused(name: str, text: str, allowed: str) -> EnvironmentVariableError:
    value = brief(visible(without_credentials(text)))
    return EnvironmentVariableError(f"{name}={value}: allowed: {allowed}")


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
    # CUDA ignores what follows an index that does not exist; -1 is how people hide every GPU.
    return [name for name in takewhile(lambda name: name != "-1", listed.split(",")) if name]
