"""Where the environment says that trials run. No result depends on it."""

import os
import re

from pipeline.errors import ConvoyError
from pipeline.search.workers import (
    InProcess,
    LocalProcesses,
    Setting,
    Workers,
    device_variables,
)
from pipeline.terminal import say

WORKERS = "CONVOY_WORKERS"
MEMORY = "CONVOY_WORKER_MEMORY"
SCHEDULER = "CONVOY_SCHEDULER"
UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class EnvironmentVariableError(ConvoyError):
    """A CONVOY_* variable with a value that is not allowed."""


def place(setting: Setting) -> Workers:
    """Make the workers that CONVOY_SCHEDULER or CONVOY_WORKERS asks for.

    Raises:
        ConvoyError: a value is not allowed, or the cluster cannot be reached.
    """
    count = workers()
    if address := os.environ.get(SCHEDULER):
        # Most searches run on one machine and need not load Dask.
        from pipeline.search.cluster import Cluster

        return Cluster(setting, address)
    cores = os.cpu_count() or 1
    if count > 1 and count * setting.threads > cores and not device_variables(0, count):
        say(
            f"note: {WORKERS}={count} times tune.threads={setting.threads} is more than the "
            f"{cores} cores here; fewer workers would be as fast"
        )
    return LocalProcesses(setting, count) if count > 1 else InProcess(setting)


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
