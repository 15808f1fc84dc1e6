"""Our search against plain KerasTuner, Optuna and AutoKeras: same machine, data, space and seeds.

    python -m benchmarks.search DATA OUT [--images N] [--seconds 60] [--seeds 5] [--epochs 6]
        [--only ours,kerastuner] [--python autokeras=/path/to/python]

DATA is a folder with train/ and validation/ as `split` writes them (data/split); with --images,
only the first N of its training and N/5 of its validation images are used. Each contender
searches for the given number of seconds in a process of its own with all cores, its imports
included. `ours`, `kerastuner` and `optuna` search the space of `simple_cnn`; `autokeras` has one of
its own, so `ours_compact` has that of `compact_cnn`. The contenders take turns within each seed, so
that a machine that is busy with something else for a while is so for all of them. OUT is a folder
for their scores, which are kept and not measured again.

Prints median and range over the seeds of: the best validation accuracy at equal seconds, seconds
to the first model, seconds from one model to the next, bytes left on disk; then seconds to a given
validation accuracy, which is in turn the median best of each contender. On data that take no time,
such as --images 100, seconds from one model to the next are the overhead of a trial.

Optuna and AutoKeras are in no lock file of this project, so each gets an environment of its own,
named with --python: for Optuna (5.0.0) pip install -r requirements.lock, then optuna and
optuna-integration; for AutoKeras pip install autokeras==3.0.0 keras==3.12.0 tensorflow
tensorboard. With Keras 3.15.1 AutoKeras does not run: it gives Dense a NumPy integer for its
units. A contender that ends with an error is named with it.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

NEEDS = {
    "ours": ["pipeline"],
    "ours_compact": ["pipeline"],
    "kerastuner": ["keras_tuner"],
    "optuna": ["optuna", "optuna_integration"],
    "autokeras": ["autokeras"],
}
# A contender that ends in order may take this much longer.
PATIENCE_SECONDS = 5.0
Scores = list[tuple[float, float]]


def main() -> None:
    """Run every contender for every seed, then summarise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=int)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--only", default=",".join(NEEDS))
    parser.add_argument("--python", action="append", default=[], metavar="CONTENDER=PATH")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = [name for name in arguments.only.split(",") if _installed(name, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data
        if arguments.images:
            data = Path(folder)
            _cut(arguments.data / "train", data / "train", arguments.images)
            _cut(arguments.data / "validation", data / "validation", arguments.images // 5)
        for seed in range(1, arguments.seeds + 1):
            for name in names:
                _run(name, seed, data, arguments)
    _summarise(names, arguments)


def _python(name: str, arguments: argparse.Namespace) -> str:
    """Return the interpreter of a contender."""
    given = dict(text.split("=", 1) for text in arguments.python)
    return given.get(name, sys.executable)


def _installed(name: str, arguments: argparse.Namespace) -> bool:
    look = f"from importlib.util import find_spec; assert all(map(find_spec, {NEEDS[name]}))"
    found = subprocess.run([_python(name, arguments), "-c", look], capture_output=True)
    if found.returncode:
        print(f"{name}: left out, not installed: {', '.join(NEEDS[name])}")
    return not found.returncode


def _cut(source: Path, target: Path, images: int) -> None:
    """Copy the first images of a split."""
    target.mkdir()
    for name in ("images.npy", "labels.npy"):
        np.save(target / name, np.load(source / name, mmap_mode="r")[:images])
    (target / "classes.json").write_bytes((source / "classes.json").read_bytes())


def _run(name: str, seed: int, data: Path, arguments: argparse.Namespace) -> None:
    """Run one contender until its time is up; write down what it left on disk."""
    scores = arguments.out / f"{name}-{seed}.csv"
    disk = arguments.out / f"{name}-{seed}.bytes"
    if disk.exists():
        return
    scores.unlink(missing_ok=True)
    log = arguments.out / f"{name}-{seed}.log"
    with tempfile.TemporaryDirectory() as scratch, log.open("w") as stream:
        command = [_python(name, arguments), "-m", "benchmarks.contenders", name, data, scratch]
        command += [seed, arguments.epochs, arguments.seconds, scores]
        environment = {
            **os.environ,
            "CONVOY_STATE": scratch,
            "CONVOY_WORKERS": str(os.cpu_count()),
            "BENCHMARK_START": str(time.time()),
        }
        process = subprocess.Popen(
            [*map(str, command)], env=environment, stdout=stream, stderr=subprocess.STDOUT
        )
        try:
            if process.wait(arguments.seconds + PATIENCE_SECONDS):
                print(f"{name}, seed {seed}: ended with an error: {_last_line(log)}")
                return
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        left = sum(f.stat().st_size for f in Path(scratch).rglob("*") if f.is_file())
    disk.write_text(str(left))


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "-")


def _summarise(names: Sequence[str], arguments: argparse.Namespace) -> None:
    runs = {name: found for name in names if (found := _scores(name, arguments))}
    print(f"{arguments.seconds:g} s a run, {os.cpu_count()} cores; median (lowest – highest)")
    best = {name: [max(v for _, v in run) for run in found] for name, found in runs.items()}
    for name, found in runs.items():
        pace = [(run[-1][0] - run[0][0]) / (len(run) - 1) for run in found if len(run) > 1]
        left = [
            float(path.read_text()) / 1e6 for path in sorted(arguments.out.glob(f"{name}-*.bytes"))
        ]
        print(
            f"{name} ({len(found)} seeds): best {_spread(best[name], 4)}; "
            f"{_spread([len(run) for run in found], 0)} models; "
            f"{_spread([run[0][0] for run in found])} s to the first, "
            f"{_spread(pace, 2)} s from one to the next; {_spread(left, 3)} MB left on disk"
        )
    for goal, of in sorted((statistics.median(best[name]), name) for name in runs):
        print(f"seconds to {goal:.4f}, the median best of {of}:")
        for name, found in runs.items():
            reached = [min((t for t, v in run if v >= goal), default=math.inf) for run in found]
            print(f"  {name}: {_spread(reached)}")


def _scores(name: str, arguments: argparse.Namespace) -> list[Scores]:
    """Read the scores within the time limit, one list a seed that has any."""
    runs = []
    for path in sorted(arguments.out.glob(f"{name}-*.csv")):
        rows = [line.split(",") for line in path.read_text().splitlines()]
        run = [(float(t), float(v)) for t, v in rows if float(t) <= arguments.seconds]
        if run:
            runs.append(run)
        else:
            print(f"{path.stem}: no model within {arguments.seconds:g} s")
    return runs


def _spread(values: Sequence[float], digits: int = 1) -> str:
    if not values:
        return "-"
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} – {high:.{digits}f})"


if __name__ == "__main__":
    main()
