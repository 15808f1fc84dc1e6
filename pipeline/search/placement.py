"""Where the environment says that trials run. No result depends on it."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConvoyError
from pipeline.search.process import WorkerProcess
from pipeline.sources import ROOT
from pipeline.terminal import say

if TYPE_CHECKING:
    from pipeline.search.workers import Setting, Workers

WORKERS = "CONVOY_WORKERS"
MEMORY = "CONVOY_WORKER_MEMORY"
SCHEDULER = "CONVOY_SCHEDULER"
UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class EnvironmentVariableError(ConvoyError):
    """A CONVOY_* variable with a value that is not allowed."""


_prepared: list[WorkerProcess] = []


def prepare(in_flight: int) -> None:
    """Start the worker processes that `place` will use, all at once.

    Call it before TensorFlow is imported here: that takes seconds, and theirs pass meanwhile.

    Args:
        in_flight: How many trials are open at a time, which is as many workers as are of use.

    Raises:
        ConvoyError: a CONVOY_* variable has a value that is not allowed.
    """
    memory()
    count = min(workers(), in_flight)
    if count > 1 and not os.environ.get(SCHEDULER):
        for number in range(count):
            _prepared.append(WorkerProcess(ROOT, device_variables(number, count)))


def place(setting: "Setting", in_flight: int) -> "Workers":
    """Make the workers that CONVOY_SCHEDULER or CONVOY_WORKERS asks for.

    Args:
        setting: What they are told.
        in_flight: How many trials are open at a time.

    Raises:
        ConvoyError: a value is not allowed, or the cluster cannot be reached.
    """
    # Here, because `prepare` must not wait for TensorFlow.
    from pipeline.search.workers import InProcess, LocalProcesses

    count = min(workers(), in_flight)
    if address := os.environ.get(SCHEDULER):
        # Most searches run on one machine and need not load Dask.
        from pipeline.search.cluster import Cluster

        return Cluster(setting, address)
    if count < workers():
        say(
            f"note: {WORKERS}={workers()}, but tune.in_flight={in_flight} lets no more than that "
            "many trials run at a time"
        )
    cores = os.cpu_count() or 1
    if count > 1 and count * setting.threads > cores and not device_variables(0, count):
        say(
            f"note: {count} workers times tune.threads={setting.threads} is more than the "
            f"{cores} cores here; fewer workers would be as fast"
        )
    started = _prepared.copy()
    _prepared.clear()
    return LocalProcesses(setting, count, started) if count > 1 else InProcess(setting)


def workers() -> int:
    """Read CONVOY_WORKERS: how many trials run at a time on this machine; 1 unless it is set."""
    text = os.environ.get(WORKERS, "1")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise EnvironmentVariableError(f"{WORKERS}={text}: allowed: a whole number from 1")
    return int(text)


def memory() -> int | None:
    """Read CONVOY_WORKER_MEMORY: the most bytes a worker may hold; None unless it is set."""
    text = os.environ.get(MEMORY)
    if not text:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMG]i?B)?", text)
    if not match or not float(match[1]):
        raise EnvironmentVariableError(
            f"{MEMORY}={text}: allowed: a number of bytes, or one with a unit such as 4GB or 512MiB"
        )
    return int(float(match[1]) * UNITS[match[2] or ""])


def device_variables(number: int, workers: int) -> dict[str, str]:
    """Give worker `number` its GPU, if this machine has any, in turn."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None:
        count = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
        gpus = [str(index) for index in range(count)]
    else:
        gpus = [name for name in listed.split(",") if name]
    if not gpus:
        return {}
    variables = {"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]}
    if workers > len(gpus):
        # Else the first process on a GPU takes all of its memory.
        variables["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
        variables["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    return variables
