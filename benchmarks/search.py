"""Our search against plain KerasTuner, Optuna and AutoKeras: same machine, data, space and seeds.

Run: python -m benchmarks.search DATA OUT [--images N] [--seconds 60] [--seeds 5] [--epochs 6]
     [--only ours,kerastuner]

DATA is a folder with train/ and validation/ as `split` writes them (data/split); with --images,
only the first N of its training and N/5 of its validation images are used. Each contender
searches for the given number of seconds in a process of its own with all cores, its imports
included. The contenders take turns within each seed, so that a machine that is busy with
something else for a while is so for all of them. OUT is a folder for their scores, which are kept
and not measured again.

Prints median and range over the seeds of: seconds to a given validation accuracy (the median best
of the weakest contender), the best validation accuracy at equal seconds, seconds to the first
model, seconds from one model to the next, bytes left on disk. On data that take no time, such as
--images 100, seconds from one model to the next are the overhead of a trial.

Optuna and AutoKeras are in no lock file of this project. Install them into an environment of
their own: pip install -r requirements.lock, then optuna optuna-integration autokeras. Optuna
5.0.0 runs with what is locked here. AutoKeras 3.0.0 installs, but does not run with Keras 3.15.1:
it gives Dense a NumPy integer for its units, which Keras refuses. A contender that ends with an
error is named with it.
"""

import argparse
import importlib.util
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
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = [name for name in arguments.only.split(",") if _installed(name)]
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


def _installed(name: str) -> bool:
    missing = [module for module in NEEDS[name] if importlib.util.find_spec(module) is None]
    if missing:
        print(f"{name}: left out, {', '.join(missing)} not installed")
    return not missing


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
        command = [sys.executable, "-m", "benchmarks.contenders", name, data, scratch]
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
    runs = {name: _scores(name, arguments) for name in names}
    best = {
        name: [max(v for _, v in run) for run in found] for name, found in runs.items() if found
    }
    if not best:
        return
    goal = min(map(statistics.median, best.values()))
    print(
        f"{arguments.seconds:g} s a run, {os.cpu_count()} cores; the goal is a validation "
        f"accuracy of {goal:.4f}; median (lowest – highest) over the seeds"
    )
    for name in best:
        found = runs[name]
        reached = [min((t for t, v in run if v >= goal), default=float("inf")) for run in found]
        pace = [(run[-1][0] - run[0][0]) / (len(run) - 1) for run in found if len(run) > 1]
        left = [
            float(path.read_text()) / 1e6 for path in sorted(arguments.out.glob(f"{name}-*.bytes"))
        ]
        print(
            f"{name} ({len(found)} seeds): {_spread(reached)} s to the goal; "
            f"best {_spread(best[name], 4)}; {_spread([len(run) for run in found], 0)} models; "
            f"{_spread([run[0][0] for run in found])} s to the first, "
            f"{_spread(pace, 2)} s from one to the next; {_spread(left, 2)} MB left on disk"
        )


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
