"""Where the environment says that trials run. No result depends on it."""

import os
import re
from typing import TYPE_CHECKING

from pipeline.base.code_digest import ROOT
from pipeline.config.environment import WORKERS, EnvironmentVariableError, device_variables, workers
from pipeline.running.terminal import say
from pipeline.search.process import WorkerProcess

if TYPE_CHECKING:
    from pipeline.search.workers import Setting, Workers

MEMORY = "CONVOY_WORKER_MEMORY"
SCHEDULER = "CONVOY_SCHEDULER"
UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

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
            _prepared.append(WorkerProcess(ROOT, device_variables(number)))


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

    wanted = workers()
    count = min(wanted, in_flight)
    if address := os.environ.get(SCHEDULER):
        # Most searches run on one machine and need not load Dask.
        from pipeline.search.cluster import Cluster

        return Cluster(setting, address)
    if count < wanted:
        say(
            f"note: {WORKERS}={wanted}, but tune.in_flight={in_flight} lets no more than that "
            "many trials run at a time"
        )
    cores = os.cpu_count() or 1
    if count > 1 and count * setting.threads > cores and not device_variables(0):
        say(
            f"note: {count} workers times tune.threads={setting.threads} is more than the "
            f"{cores} cores here; fewer workers would be as fast"
        )
    started = _prepared.copy()
    _prepared.clear()
    return LocalProcesses(setting, count, started) if count > 1 else InProcess(setting)


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
