"""The whole run computed anew: wall seconds of each stage, and how much of the cores idles.

    python -m benchmarks.idle [REVISION...] [--rounds N]

Each revision (HEAD by default) is cloned into a scratch folder and run from nothing, in turn, round
by round. What other programs do on the machine counts as busy, so nothing else should run.
"""

import argparse
import itertools
import os
import re
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks.anew import ROOT

LOOK_SECONDS = 0.25
STAGE = re.compile(r"Running stage '(.+)':")


def main() -> None:
    """Run each revision; print its stages, then the whole."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle")
    parser.add_argument("revisions", nargs="*", default=["HEAD"])
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    for _ in range(given.rounds):
        for revision in given.revisions:
            with tempfile.TemporaryDirectory() as scratch:
                workspace = Path(scratch, "convoy")
                subprocess.run(["git", "clone", "-q", ROOT, workspace], check=True)
                subprocess.run(["git", "checkout", "-q", revision], cwd=workspace, check=True)
                _run(revision, workspace)


def _run(revision: str, workspace: Path) -> None:
    begins: list[tuple[str, float]] = []
    busy: list[tuple[float, float]] = [(time.monotonic(), 0.0)]
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=[busy, ended])
    watch.start()
    command = ["dvc", "repro", "--force"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("CONVOY_STATE", None)
    with subprocess.Popen(
        command, cwd=workspace, env=environment, stdout=subprocess.PIPE, text=True
    ) as dvc:
        assert dvc.stdout
        for line in dvc.stdout:
            if found := STAGE.match(line):
                begins.append((found[1], time.monotonic()))
    ended.set()
    watch.join()
    if dvc.returncode:
        raise SystemExit(f"{revision}: dvc repro ended with {dvc.returncode}")
    begins.append(("", time.monotonic()))
    for (name, begin), (_, end) in itertools.pairwise(begins):
        print(f"  {name:24} {_shown(busy, begin, end)}")
    print(f"{revision:26} {_shown(busy, busy[0][0], begins[-1][1])}", flush=True)


def _watch(busy: list[tuple[float, float]], ended: threading.Event) -> None:
    """Note the CPU seconds of all programs since the last look, until the run has ended."""
    before = _idle_seconds()
    while not ended.wait(LOOK_SECONDS):
        now = time.monotonic()
        idle = _idle_seconds()
        cores = (now - busy[-1][0]) * (os.cpu_count() or 1)
        busy.append((now, max(cores - (idle - before), 0.0)))
        before = idle


def _idle_seconds() -> float:
    times = psutil.cpu_times()
    return times.idle + getattr(times, "iowait", 0.0)


def _shown(busy: list[tuple[float, float]], begin: float, end: float) -> str:
    used = sum(seconds for when, seconds in busy if begin < when <= end)
    whole = (end - begin) * (os.cpu_count() or 1)
    return f"{end - begin:6.1f} s, {used:6.1f} CPU s, {max(1 - used / whole, 0):4.0%} idle"


if __name__ == "__main__":
    main()
