"""Folders of pictures under default settings, beside yardsticks and a plain Keras network.

    python -m benchmarks.folders FOLDER [FOLDER...]

For each folder the whole pipeline runs anew in a scratch copy of the committed project, with
nothing named but `dataset.name: folder` and `dataset.path`. Then the network of Keras' guide
(`benchmarks/plain_keras.py`) is trained on the same split with three seeds, each for a fixed
processor time, the epoch chosen by validation. Prints a Markdown table for docs/folders.md, of
accuracies on the test images, by which nothing was chosen.
"""

import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.evaluation.metrics import from_json

ROOT = Path(__file__).parent.parent
SEEDS = (1, 2, 3)
PLAIN_SECONDS = 120.0


@dataclass(frozen=True)
class Run:
    """One run of the default pipeline: its workspace, wall and processor seconds."""

    workspace: Path
    wall: float
    processor: float

    def read(self, name: str) -> Any:
        """Read a JSON file of its results."""
        return json.loads((self.workspace / "results" / name).read_text(encoding="utf-8"))


def pipeline(folder: Path, workspace: Path) -> Run:
    """Run `dvc repro` on a folder in a clone of this project."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(workspace)], check=True)
    yaml = YAML()
    params = yaml.load(workspace / "params.yaml")
    params["dataset"] |= {"name": "folder", "path": str(folder)}
    yaml.dump(params, workspace / "params.yaml")
    before, start = _children(), time.monotonic()
    with (workspace / "run.log").open("w") as log:
        subprocess.run(["dvc", "repro"], cwd=workspace, stdout=log, stderr=log, check=True)
    return Run(workspace, time.monotonic() - start, _children() - before)


def plain(workspace: Path, seed: int) -> float:
    """Train the plain network on a workspace's split; return its test accuracy."""
    from benchmarks import plain_keras
    from pipeline.training import backend
    from pipeline.training.batches import SplitFolder

    backend.start(1)
    parts = [SplitFolder(workspace / "data/split" / n) for n in ("train", "validation", "test")]
    train, validation, test = ((part.images(slice(None)), part.labels) for part in parts)
    answers = plain_keras.predicted(
        train,
        validation,
        test[0],
        len(parts[0].classes),
        seconds=PLAIN_SECONDS,
        flip=False,
        seed=seed,
    )
    return float((answers == test[1]).mean())


def row(run: Run, plain_accuracies: list[float]) -> str:
    """Return one row of the table."""
    metrics = from_json(run.read("metrics.json"))
    cells = [metrics["dataset"], f"{metrics['test_images']:,}"]
    for name in ("tuned", "baseline"):
        mean, spread = (metrics[name][f"accuracy_{kind}_of_seeds"] for kind in ("mean", "range"))
        cells.append(f"{metrics[name]['architecture']} {mean:.1%} ({spread:.1%})")
    low, high = metrics["tuned"]["accuracy_interval"]
    cells.append(f"{low:.1%} – {high:.1%}")
    mean, spread = (f(plain_accuracies) for f in (statistics.fmean, _range))
    cells.append(f"{mean:.1%} ({spread:.1%})")
    cells += [f"{metrics['yardsticks'][name]['accuracy']:.1%}" for name in YARDSTICKS]
    cells += [f"{metrics['tuned']['parameters']:,}", f"{run.wall:.0f}", f"{run.processor:.0f}"]
    return f"| {' | '.join(cells)} |"


YARDSTICKS = ("hog_svm", "largest_class")
HEAD = (
    "folder",
    "test images",
    "tuned, mean of 3 seeds (range)",
    "baseline",
    "released model, 95 %",
    f"plain Keras, {PLAIN_SECONDS:.0f} CPU s a seed",
    "HOG + SVM",
    "largest class",
    "parameters",
    "wall s",
    "CPU s",
)


def _range(values: list[float]) -> float:
    return max(values) - min(values)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure the folders named on the command line."""
    print(f"{os.cpu_count()} cores")
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}", flush=True)
    spawn = multiprocessing.get_context("spawn")
    for folder in map(Path, sys.argv[1:]):
        scratch = Path(tempfile.mkdtemp(prefix="folders-"))
        run = pipeline(folder.resolve(), scratch / "convoy")
        # A process for each seed: TensorFlow keeps memory of earlier models.
        with ProcessPoolExecutor(1, spawn, max_tasks_per_child=1) as pool:
            found = list(pool.map(plain, [run.workspace] * len(SEEDS), SEEDS))
        print(row(run, found), flush=True)
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
