"""The seconds of a command with everything that it starts, also what outlives it.

Stages of the pipeline are forked from a process that nobody waits for
(`pipeline/running/warm.py`), so their processor time is not that of the caller's children. Here a
process of its own runs the command, adopts what is left behind, and waits for all of it.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# prctl(2), Linux: processes whose parent has ended become children of this one.
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Seconds:
    """Wall and processor seconds of a command."""

    wall: float
    processor: float


def run(
    command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str] | None = None
) -> Seconds:
    """Run a command in a folder, with its output in a log, and return its seconds.

    Args:
        command: The program and its arguments.
        folder: Where it runs.
        log: The file that its output is appended to.
        environment: Its environment; None for that of this process.

    Raises:
        subprocess.CalledProcessError: it failed; the log says why.
    """
    done = subprocess.run(
        [sys.executable, __file__, str(log.resolve()), *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return Seconds(**json.loads(done.stdout))


def _measure(log: str, command: Sequence[str]) -> int:
    """Run the command, print its seconds as JSON, and return its exit status."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("prctl(PR_SET_CHILD_SUBREAPER) failed")
    start = time.monotonic()
    with Path(log).open("a") as stream:
        status = subprocess.run(command, stdout=stream, stderr=stream).returncode
    wall = time.monotonic() - start
    while True:  # a process counts once it was waited for
        try:
            os.wait()
        except ChildProcessError:
            break
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"wall": wall, "processor": usage.ru_utime + usage.ru_stime}))
    return status


if __name__ == "__main__":
    sys.exit(_measure(sys.argv[1], sys.argv[2:]))
