"""Our search against plain KerasTuner, Optuna and AutoKeras: same machine, data, space and seeds.

Run: python -m benchmarks.search DATA OUT.csv [--seconds 300] [--seeds 5] [--only ours,kerastuner]

DATA is a folder with train/ and validation/ as `split` writes them (data/split). Each contender
searches for the given number of seconds in a process of its own with all cores, and appends one
line for each model that it has scored: contender, seed, seconds since its start (its imports
included), validation accuracy; and one last line with the bytes it has left on disk. The summary
prints median and range over the seeds: best validation accuracy at equal seconds, seconds to
reach the accuracy that the weakest contender ends with, and disk.

Contenders that are not installed are left out and named. Optuna and AutoKeras are in no lock file
of this project: install them into an environment of their own.
"""

import argparse
import csv
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

NEEDS = {
    "ours": "pipeline",
    "kerastuner": "keras_tuner",
    "optuna": "optuna",
    "autokeras": "autokeras",
}
EPOCHS = 6
ARCHITECTURE = "simple_cnn"
MANY = 10_000


def main() -> None:
    """Run every contender for every seed, then summarise; or be one contender."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join(NEEDS))
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        _be(arguments)
        return
    for name in arguments.only.split(","):
        if importlib.util.find_spec(NEEDS[name]) is None:
            print(f"{name}: {NEEDS[name]} is not installed; left out")
            continue
        for seed in range(1, arguments.seeds + 1):
            _run(name, seed, arguments)
    _summarise(arguments)


def _run(name: str, seed: int, arguments: argparse.Namespace) -> None:
    """Run one contender until its time is up; write down what it left on disk."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "benchmarks.search", arguments.data, arguments.out]
        command += ["--contender", name, "--seed", seed]
        environment = {
            **os.environ,
            "CONVOY_STATE": scratch,
            "CONVOY_WORKERS": str(os.cpu_count()),
            "BENCHMARK_SCRATCH": scratch,
            "BENCHMARK_START": str(time.time()),
        }
        process = subprocess.Popen([*map(str, command)], env=environment)
        try:
            process.wait(arguments.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        size = sum(f.stat().st_size for f in Path(scratch).rglob("*") if f.is_file())
        _write(arguments.out, name, seed, "disk", size)


def _write(path: Path, name: str, seed: int, when: object, value: object) -> None:
    with path.open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerow([name, seed, when, value])


def _be(arguments: argparse.Namespace) -> None:
    start = float(os.environ["BENCHMARK_START"])
    scratch = Path(os.environ["BENCHMARK_SCRATCH"])

    def score(accuracy: float) -> None:
        _write(arguments.out, arguments.contender, arguments.seed, time.time() - start, accuracy)

    globals()[f"_{arguments.contender}"](arguments, scratch, score)


def _ours(arguments, scratch, score) -> None:  # type: ignore[no-untyped-def]
    """Search by Hyperband on one worker a core."""
    from pipeline import backend
    from pipeline.batches import SplitFolder
    from pipeline.params import Tune
    from pipeline.search import context, loop, oracles
    from pipeline.search.ledger import Ledger
    from pipeline.search.placement import place
    from pipeline.search.runner import Runner
    from pipeline.search.session import specifier
    from pipeline.search.workers import Setting

    workers = os.cpu_count() or 1
    tune = Tune(
        algorithm="hyperband",
        trials=MANY,
        epochs=EPOCHS,
        in_flight=2 * workers,
        seed=arguments.seed,
        threads=1,
        median_stopping=True,
        trial_seconds=None,
    )
    backend.start(1)
    train, validation = (SplitFolder(arguments.data / n) for n in ("train", "validation"))
    setting = Setting(ARCHITECTURE, train, validation, 1, context.software(ARCHITECTURE))
    space = oracles.search_space(ARCHITECTURE, train.shape, len(train.classes))
    ledger = Ledger(scratch)
    with Runner(place(setting), setting, ledger, "c", tune.in_flight) as runner:
        oracle = oracles.make(tune, space)
        for record in loop.search(
            oracle, specifier(ARCHITECTURE, tune), runner.submit, tune.in_flight
        ):
            if record.result.val_accuracy is not None:
                score(record.result.val_accuracy)


def _arrays(folder: Path):  # type: ignore[no-untyped-def]
    import numpy as np

    return np.load(folder / "images.npy"), np.load(folder / "labels.npy")


def _kerastuner(arguments, scratch, score) -> None:  # type: ignore[no-untyped-def]
    """Search the way KerasTuner's guide shows: RandomSearch, arrays, checkpoints and all."""
    import keras
    import keras_tuner

    from pipeline import models, recipe

    x, y = _arrays(arguments.data / "train")
    validation = _arrays(arguments.data / "validation")

    def build(hp):  # type: ignore[no-untyped-def]
        model, chosen = models.declare(ARCHITECTURE, hp, x.shape[1:], int(y.max()) + 1)
        model.compile(
            recipe.make_optimizer(chosen), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    class Report(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):  # type: ignore[no-untyped-def]
            score(logs["val_accuracy"])

    class Search(keras_tuner.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):  # type: ignore[no-untyped-def]
            kwargs["batch_size"] = trial.hyperparameters.get("batch_size")
            return super().run_trial(trial, *args, **kwargs)

    space = keras_tuner.HyperParameters()
    models.declare(ARCHITECTURE, space, x.shape[1:], int(y.max()) + 1)
    tuner = Search(
        build,
        objective="val_accuracy",
        max_trials=MANY,
        hyperparameters=space,
        seed=arguments.seed,
        directory=scratch,
    )
    tuner.search(x, y, epochs=EPOCHS, validation_data=validation, callbacks=[Report()], verbose=0)


def _optuna(arguments, scratch, score) -> None:  # type: ignore[no-untyped-def]
    """Search with TPE and the pruning callback for Keras."""
    import keras
    import optuna
    from keras_tuner import HyperParameters
    from optuna.integration import KerasPruningCallback

    from pipeline import models, recipe

    x, y = _arrays(arguments.data / "train")
    validation = _arrays(arguments.data / "validation")
    space = HyperParameters()
    models.declare(ARCHITECTURE, space, x.shape[1:], int(y.max()) + 1)

    def objective(trial):  # type: ignore[no-untyped-def]
        hp = HyperParameters()
        for entry in space.space:
            values = list(getattr(entry, "values", []) or [])
            if entry.__class__.__name__ == "Float" and entry.step is None:
                hp.values[entry.name] = trial.suggest_float(
                    entry.name, entry.min_value, entry.max_value, log=entry.sampling == "log"
                )
            else:
                hp.values[entry.name] = trial.suggest_categorical(entry.name, values)
        model, chosen = models.declare(ARCHITECTURE, hp, x.shape[1:], int(y.max()) + 1)
        model.compile(
            recipe.make_optimizer(chosen), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        report = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: score(logs["val_accuracy"])
        )
        history = model.fit(
            x,
            y,
            batch_size=chosen.batch_size,
            epochs=EPOCHS,
            validation_data=validation,
            verbose=0,
            callbacks=[report, KerasPruningCallback(trial, "val_accuracy")],
        )
        return history.history["val_accuracy"][-1]

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=arguments.seed),
        pruner=optuna.pruners.MedianPruner(),
        storage=f"sqlite:///{scratch / 'optuna.db'}",
    )
    study.optimize(objective, n_trials=MANY)


def _autokeras(arguments, scratch, score) -> None:  # type: ignore[no-untyped-def]
    """Search with AutoKeras' image classifier; its space is its own."""
    import autokeras
    import keras

    report = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: score(logs["val_accuracy"])
    )
    x, y = _arrays(arguments.data / "train")
    search = autokeras.ImageClassifier(
        max_trials=MANY, objective="val_accuracy", directory=scratch, seed=arguments.seed
    )
    search.fit(
        x,
        y,
        epochs=EPOCHS,
        validation_data=_arrays(arguments.data / "validation"),
        callbacks=[report],
        verbose=0,
    )


def _summarise(arguments: argparse.Namespace) -> None:
    scores: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    disk: dict[str, list[float]] = defaultdict(list)
    with arguments.out.open(encoding="utf-8") as stream:
        for name, seed, when, value in csv.reader(stream):
            if when == "disk":
                disk[name].append(float(value) / 1e6)
            else:
                scores[name][seed].append((float(when), float(value)))
    best = {n: [max(v for _, v in run) for run in by.values()] for n, by in scores.items()}
    goal = min(map(statistics.median, best.values()))
    print(f"goal: validation accuracy {goal:.4f}; median (lowest – highest) over the seeds")
    for name, by_seed in scores.items():
        runs = by_seed.values()
        reached = [min((t for t, v in run if v >= goal), default=float("inf")) for run in runs]
        counts = [float(len(run)) for run in runs]
        print(
            f"{name}: {_spread(reached)} s to the goal; best {_spread(best[name], 4)}; "
            f"{_spread(counts, 0)} scores; {_spread(disk[name])} MB on disk"
        )


def _spread(values: list[float], digits: int = 1) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} – {high:.{digits}f})"


if __name__ == "__main__":
    main()
