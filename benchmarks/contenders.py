"""The contenders of benchmarks/search.py, each in a process of its own.

It starts them: python -m benchmarks.contenders NAME DATA SCRATCH SEED EPOCHS SECONDS OUT

Each searches until it is stopped, and appends a line to OUT for each model that it has trained:
seconds since its process was started, validation accuracy after that model's last epoch.
"""

# What each needs is imported inside it: its time begins with its imports.
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.search.records import TrialSpec
    from pipeline.training.work import Finished

ARCHITECTURE, COMPACT = "simple_cnn", "compact_cnn"
MANY = 10_000
# The last second of the time limit is for ending in order.
SPARE_SECONDS = 1.0


@dataclass(frozen=True)
class Run:
    """One run of one contender.

    Attributes:
        data: Folder with train/ and validation/.
        scratch: Folder for whatever it writes.
        seed: Its seed.
        epochs: Epochs a model.
        seconds: Its time limit.
        out: File for the scores.
    """

    data: Path
    scratch: Path
    seed: int
    epochs: int
    seconds: float
    out: Path

    @property
    def elapsed(self) -> float:
        """Seconds since the process was started."""
        return time.time() - float(os.environ["BENCHMARK_START"])

    def score(self, accuracy: float) -> None:
        """Write down one trained model."""
        with self.out.open("a", encoding="utf-8") as stream:
            stream.write(f"{self.elapsed},{accuracy}\n")


def ours(run: Run) -> None:
    """Search the same space as KerasTuner and Optuna, under the conditions of a plain script."""
    _ours(run, ARCHITECTURE, {})


def ours_compact(run: Run) -> None:
    """Search a space and under conditions of our own choice, as AutoKeras does."""
    _ours(run, COMPACT, {"schedule": "one_cycle", "label_smoothing": 0.1})


def _ours(run: Run, architecture: str, chosen: dict[str, Any]) -> None:
    """Search as stage `tune` does, as params.yaml has it, on one worker a core."""
    from pipeline.running import imports
    from pipeline.workers.start import start_pool

    cores = os.cpu_count() or 1
    pool = start_pool("tune", 2 * cores, 1, 0)
    with imports.slim():
        from pipeline.config.conditions import PLAIN
        from pipeline.config.params import Tune
        from pipeline.search.search import Search
        from pipeline.search.space import search_space
        from pipeline.search.watching import Watch
        from pipeline.training import backend
        from pipeline.training.batches import SplitFolder
        from pipeline.workers.pool import WorkerError

    tune = Tune(
        algorithm="random",
        trials=MANY,
        epochs=run.epochs,
        in_flight=2 * cores,
        # KerasTuner's oracle gets one more (0 is no seed for it): from the second trial on ours
        # draws what `kerastuner` draws.
        seed=run.seed - 1,
        threads=1,
        batch_sizes=None,
        median_stopping=True,
        trial_seconds=None,
        fixed={},
    )
    backend.start(tune.threads)
    train, validation = (SplitFolder(run.data / name) for name in ("train", "validation"))
    space = search_space(architecture, train.shape, len(train.classes), {})
    conditions = PLAIN.model_copy(update={"precision": backend.fastest_precision(), **chosen})
    watch = Watch(architecture, tune, conditions, space, run.scratch / "tensorboard")
    opened = Search.open(architecture, tune, conditions, train, validation, pool, watch.report)
    # What ends a search in order is its number of trials; here it is the time.
    with opened as search, contextlib.suppress(WorkerError):
        threading.Timer(run.seconds - SPARE_SECONDS - run.elapsed, pool.close).start()
        search.submit = _scoring(run, search.submit)  # type: ignore[method-assign, assignment]
        for record in search.run(space):
            watch.record(record)


def _scoring(
    run: Run, submit: "Callable[[TrialSpec], Future[Finished]]"
) -> "Callable[[TrialSpec], Future[Finished]]":
    """Score each trial when it is in the store, though the oracle may hear of it later."""

    def report(future: "Future[Finished]") -> None:
        if not (future.cancelled() or future.exception()):
            result = future.result().result
            if result.status == "completed" and result.val_accuracy is not None:
                run.score(result.val_accuracy)

    def scored(spec: "TrialSpec") -> "Future[Finished]":
        future = submit(spec)
        future.add_done_callback(report)
        return future

    return scored


def kerastuner(run: Run) -> None:
    """Search the way KerasTuner's guide shows: RandomSearch on arrays, batch size tuned in fit."""
    import keras_tuner

    from pipeline.config.conditions import PLAIN
    from pipeline.training import models, recipe

    (x, y), validation = _arrays(run)
    shape, classes = x.shape[1:], int(y.max()) + 1

    class Model(keras_tuner.HyperModel):
        def build(self, hp: keras_tuner.HyperParameters) -> Any:
            model, chosen = models.declare(ARCHITECTURE, hp, shape, classes)
            _compile(model, recipe.make_optimizer(chosen, PLAIN, steps=1))
            return model

        def fit(self, hp: keras_tuner.HyperParameters, model: Any, *args: Any, **more: Any) -> Any:
            return model.fit(*args, batch_size=hp.get("batch_size"), **more)

    tuner = keras_tuner.RandomSearch(
        Model(),
        objective="val_accuracy",
        max_trials=MANY,
        seed=run.seed,
        directory=str(run.scratch),
        project_name="search",
    )
    tuner.search(
        x,
        y,
        epochs=run.epochs,
        validation_data=validation,
        callbacks=[_reporter(run.score)],
        verbose=0,
    )


def optuna(run: Run) -> None:
    """Search with TPE and the pruning callback for Keras, kept in SQLite so that it can resume."""
    import optuna
    from keras_tuner import HyperParameters
    from optuna_integration import KerasPruningCallback

    from pipeline.config.conditions import PLAIN
    from pipeline.training import models, recipe

    (x, y), validation = _arrays(run)
    shape, classes = x.shape[1:], int(y.max()) + 1
    space = HyperParameters()
    models.declare(ARCHITECTURE, space, shape, classes)

    def objective(trial: optuna.Trial) -> float:
        hp = HyperParameters()
        hp.values = {entry.name: _suggest(trial, entry) for entry in space.space}
        model, chosen = models.declare(ARCHITECTURE, hp, shape, classes)
        _compile(model, recipe.make_optimizer(chosen, PLAIN, steps=1))
        history = model.fit(
            x,
            y,
            batch_size=chosen.batch_size,
            epochs=run.epochs,
            validation_data=validation,
            verbose=0,
            callbacks=[_reporter(run.score), KerasPruningCallback(trial, "val_accuracy")],
        )
        return history.history["val_accuracy"][-1]

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=run.seed),
        pruner=optuna.pruners.MedianPruner(),
        storage=f"sqlite:///{run.scratch / 'optuna.db'}",
    )
    study.optimize(objective, n_trials=MANY)


def autokeras(run: Run) -> None:
    """Search with AutoKeras' image classifier; its space is its own, and holds larger models."""
    import autokeras

    (x, y), validation = _arrays(run)
    search = autokeras.ImageClassifier(
        max_trials=MANY, objective="val_accuracy", directory=str(run.scratch), seed=run.seed
    )
    search.fit(
        x,
        y,
        epochs=run.epochs,
        validation_data=validation,
        callbacks=[_reporter(run.score)],
        verbose=0,
    )


def _arrays(run: Run) -> tuple[Any, Any]:
    import numpy as np

    return tuple(
        (np.load(run.data / name / "images.npy"), np.load(run.data / name / "labels.npy"))
        for name in ("train", "validation")
    )  # type: ignore[return-value]


def _compile(model: Any, optimizer: Any) -> None:
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])


def _suggest(trial: Any, entry: Any) -> Any:
    """Ask Optuna for a value from KerasTuner's range."""
    if type(entry).__name__ == "Float" and entry.step is None:
        log = entry.sampling == "log"
        return trial.suggest_float(entry.name, entry.min_value, entry.max_value, log=log)
    return trial.suggest_categorical(entry.name, list(entry.values))


def _reporter(score: Callable[[float], None]) -> Any:
    """Make a callback that reports each model once: when its training ends."""
    import keras

    class Report(keras.callbacks.Callback):
        def on_train_end(self, logs: dict[str, float] | None = None) -> None:
            score((logs or {})["val_accuracy"])

        def __deepcopy__(self, memo: dict) -> "Report":  # KerasTuner copies callbacks
            return Report()

    return Report()


CONTENDERS = {each.__name__: each for each in (ours, ours_compact, kerastuner, optuna, autokeras)}

if __name__ == "__main__":
    name, data, scratch, seed, epochs, seconds, out = sys.argv[1:]
    arguments = (Path(data), Path(scratch), int(seed), int(epochs), float(seconds), Path(out))
    CONTENDERS[name](Run(*arguments))
