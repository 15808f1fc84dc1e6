"""Data sets under default settings, beside yardsticks, a plain Keras network and AutoKeras.

    python -m benchmarks.folders [--autokeras /path/to/python] FOLDER|DATASET...

For each folder of pictures the whole pipeline runs anew in a scratch copy of the committed project,
with nothing named but `dataset.name: folder` and `dataset.path`; for a built-in data set with its
name alone. Then others train on the same split, the epoch chosen by validation: the network of
Keras' guide (`benchmarks/plain_keras.py`) with three seeds, each for a third of the processor
seconds of the pipeline, which has three seeds too; and AutoKeras once, for all of them
(`benchmarks/autokeras_folder.py`; for its environment see benchmarks/search.py). Prints a Markdown
table for docs/folders.md, of accuracies on the test images, by which nothing was chosen.
"""

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks import anew
from benchmarks.anew import Run
from pipeline.evaluation.metrics import from_json

SEEDS = (1, 2, 3)


def pipeline(data: str, workspace: Path) -> Run:
    """Run the default settings anew on a folder or a built-in data set."""
    anew.clone(workspace)
    if Path(data).is_dir():
        path = anew.quoted(str(Path(data).resolve()))
        return anew.repro(workspace, ["dataset.name=folder", f"dataset.path={path}"])
    return anew.repro(workspace, [f"dataset.name={data}"])


def plain(workspace: Path, seed: int, seconds: float) -> float:
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
        seconds=seconds,
        flip=False,
        seed=seed,
    )
    return float((answers == test[1]).mean())


def autokeras(python: str, run: Run) -> float:
    """Search with AutoKeras on a workspace's split; return its test accuracy."""
    command = [python, "-m", "benchmarks.autokeras_folder", run.workspace / "data/split"]
    found = subprocess.run(
        [*map(str, command), str(run.processor), "1"], capture_output=True, text=True, check=True
    )
    return float(found.stdout.split()[-3])


def row(
    name: str, run: Run, plain_accuracies: list[float], autokeras_accuracy: float | None
) -> str:
    """Return the row of the table for the data of that name."""
    metrics = from_json(run.read("metrics.json"))
    cells = [name, f"{metrics['test_images']:,}"]
    for model in ("tuned", "baseline"):
        mean, spread = (metrics[model][f"accuracy_{kind}_of_seeds"] for kind in ("mean", "range"))
        cells.append(f"`{metrics[model]['architecture']}` {mean:.1%} ({spread:.1%})")
    low, high = metrics["tuned"]["accuracy_interval"]
    cells.append(f"{low:.1%} – {high:.1%}")
    mean, spread = (f(plain_accuracies) for f in (statistics.fmean, _range))
    cells.append(f"{mean:.1%} ({spread:.1%})")
    cells.append("–" if autokeras_accuracy is None else f"{autokeras_accuracy:.1%}")
    cells += [f"{metrics['yardsticks'][yardstick]['accuracy']:.1%}" for yardstick in YARDSTICKS]
    cells += [f"{metrics['tuned']['parameters']:,}", f"{run.wall:.0f}", f"{run.processor:.0f}"]
    return f"| {' | '.join(cells)} |"


YARDSTICKS = ("hog_svm", "largest_class")
HEAD = (
    "data",
    "test images",
    "tuned, mean of 3 seeds (range)",
    "baseline",
    "released model, 95 %",
    "plain Keras, mean of 3 seeds (range)",
    "AutoKeras",
    "HOG + SVM",
    "largest class",
    "parameters",
    "wall s",
    "CPU s",
)


def _range(values: list[float]) -> float:
    return max(values) - min(values)


def main() -> None:
    """Measure the folders and data sets named on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="+")
    parser.add_argument("--autokeras", metavar="PYTHON")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores")
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}", flush=True)
    spawn = multiprocessing.get_context("spawn")
    for data in arguments.data:
        scratch = Path(tempfile.mkdtemp(prefix="folders-"))
        run = pipeline(data, scratch / "convoy")
        seconds = [run.processor / len(SEEDS)] * len(SEEDS)
        # A process for each seed: TensorFlow keeps memory of earlier models.
        with ProcessPoolExecutor(1, spawn, max_tasks_per_child=1) as pool:
            found = list(pool.map(plain, [run.workspace] * len(SEEDS), SEEDS, seconds))
        peer = autokeras(arguments.autokeras, run) if arguments.autokeras else None
        print(row(Path(data).name, run, found, peer), flush=True)
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
