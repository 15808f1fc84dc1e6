"""The tie between a stage and the run of DVC that started it.

Without it, a stage would live on when DVC alone is killed, as by a lack of memory, and would
overwrite what a later run has recorded.
"""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from pipeline.base.errors import ConvoyError
from pipeline.base.locks import SILENT_SECONDS
from pipeline.running.terminal import say

# DVC starts a command through the user's shell, which may stay between the two.
SHELLS = {"sh", "bash", "dash", "zsh", "fish", "ksh", "csh", "tcsh"}
# Of this workspace: an experiment in a folder of its own writes its own outputs.
LOCKS = Path(".state/stages")
RUNS = Path(".state/runs")
FIRST_PROCESS = 1
LOOK_SECONDS = 0.1


def starter() -> psutil.Process:
    """Return the run of DVC that started this process, which is a stage.

    Raises:
        ConvoyError: it has ended already.
    """
    found = psutil.Process().parent()
    while found and found.name() in SHELLS:
        found = found.parent()
    if found is None or (found.pid == FIRST_PROCESS and "dvc" not in found.name()):
        raise ConvoyError("the dvc that started this stage has ended. Run `dvc repro` again.")
    return found


def end_with(starter: psutil.Process) -> None:
    """End this process and its workers, at once, when the one that started the stage ends."""
    threading.Thread(target=_end_after, args=[starter], daemon=True).start()


def _end_after(starter: psutil.Process) -> None:
    # psutil's `wait` would go on while nobody has taken note of its end.
    with suppress(psutil.NoSuchProcess):
        while starter.is_running() and starter.status() != psutil.STATUS_ZOMBIE:
            time.sleep(LOOK_SECONDS)
    # Without a word to anyone: workers end when their input does.
    os._exit(1)


def file_of(starter: psutil.Process, name: str) -> Path:
    """Return the path of a file that belongs to a run of DVC; drop those of runs that have ended.

    It is relative, because a socket's path must be short.
    """
    RUNS.mkdir(parents=True, exist_ok=True)
    for file in RUNS.iterdir():
        if not psutil.pid_exists(int(file.name.partition("-")[0])):
            file.unlink(missing_ok=True)
    return RUNS / f"{starter.pid}-{int(starter.create_time())}-{name}"


def hold_outputs(stage: str) -> FileLock:
    """Hold the outputs of a stage as long as this process lives; wait while another one does.

    No worker inherits the lock, so it ends with the stage itself.
    """
    LOCKS.mkdir(parents=True, exist_ok=True)
    lock = FileLock(LOCKS / f"{stage}.lock")
    try:
        lock.acquire(timeout=SILENT_SECONDS)
    except Timeout:
        say(f"waiting for another process that runs {stage} in this workspace to end")
        lock.acquire()
    return lock
