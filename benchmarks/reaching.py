"""Time until the models of an experiment reach a test accuracy, on this machine.

    [KERAS_BACKEND=jax] python -m benchmarks.reaching EXPERIMENT ACCURACY [SEEDS]

Run it in a workspace whose split is the experiment's. The seeds train one after the other, through
the pipeline's own fitting. The clock starts after all imports, so it counts what the backend
compiles, and stands still while the test images are scored after each epoch.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from pipeline.base import paths

SEEDS = 5

Epoch = dict[str, float]


def main(experiment: str, accuracy: float, seeds: int) -> None:
    """Train seed by seed, and print when each reached the accuracy and how it ended."""
    whens, ends = [], []
    for seed in range(1, seeds + 1):
        run = train(experiment, seed)
        then, first, last = reached(run, accuracy), run[0], run[-1]
        whens.append(then["wall"] if then else math.inf)
        ends.append(last["accuracy"])
        print(
            f"seed {seed}: {whens[-1]:.1f} s to {accuracy:.2%}; "
            f"{last['accuracy']:.2%} after {last['wall']:.1f} s ({last['processor']:.1f} s of "
            f"processor), of which {first['wall']:.1f} s were the first epoch, compiling included",
            flush=True,
        )
    spread = f" ± {statistics.stdev(ends):.3%}" if seeds > 1 else ""
    print(
        f"{experiment}, {seeds} seeds: {accuracy:.2%} after {statistics.median(whens):.1f} s in "
        f"median ({min(whens):.1f} to {max(whens):.1f}); at the end {statistics.mean(ends):.3%}"
        f"{spread} ({min(ends):.2%} to {max(ends):.2%})"
    )


def reached(run: list[Epoch], accuracy: float) -> Epoch | None:
    """Return the first epoch with that test accuracy; None if there is none."""
    return next((epoch for epoch in run if epoch["accuracy"] >= accuracy), None)


def train(experiment: str, seed: int) -> list[Epoch]:
    """Train as the experiment says; return each epoch's test accuracy and the clocks at its end."""
    import keras

    from pipeline.commands import experiments
    from pipeline.training import backend, models
    from pipeline.training.batches import INFERENCE_BATCH, SplitFolder
    from pipeline.training.fitting import fit

    settings = experiments.load(experiment)
    (architecture,) = settings.architectures
    backend.start(settings.train.threads)
    conditions = backend.resolved(settings.fit)
    train, validation, test = map(SplitFolder, (paths.TRAIN, paths.VALIDATION, paths.TEST))
    images = test.images(slice(None))
    clock = Clock()
    keras.utils.set_random_seed(seed)
    values = settings.tune.fixed.get(architecture, {})
    model, recipe = models.build(
        architecture, values, train.shape, len(train.classes), conditions.precision
    )
    answering = models.mirrored(model) if settings.train.mirrored else model
    epochs, watch = watching(
        clock, lambda: answering.predict(images, INFERENCE_BATCH, verbose=0), test.labels
    )
    fit(
        model,
        recipe,
        conditions,
        train,
        validation,
        epochs=settings.train.epochs,
        seed=seed,
        callbacks=[watch],
    )
    return epochs


class Clock:
    """Wall and processor seconds, with pauses."""

    def __init__(self) -> None:
        self.wall, self.processor = -time.perf_counter(), -time.process_time()

    def pause(self) -> Epoch:
        """Stop the clock; return the seconds that have passed."""
        self.wall += time.perf_counter()
        self.processor += time.process_time()
        return {"wall": self.wall, "processor": self.processor}

    def go_on(self) -> None:
        """Start the clock again."""
        self.wall -= time.perf_counter()
        self.processor -= time.process_time()


def watching(clock: Clock, predict: Callable[[], Any], labels: Any) -> tuple[list[Epoch], Any]:
    """Return a list of epochs, and the callback that fills it while the clock stands still."""
    import keras

    epochs: list[Epoch] = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            passed = clock.pause()
            accuracy = float((predict().argmax(axis=1) == labels).mean())
            epochs.append({"accuracy": accuracy, **passed})
            clock.go_on()

    return epochs, Watch()


if __name__ == "__main__":
    name, accuracy, *seeds = sys.argv[1:]
    main(name, float(accuracy), int(seeds[0]) if seeds else SEEDS)
