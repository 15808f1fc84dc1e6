"""How long until MNIST is known: the practical's notebook against experiments/mnist_fast.yaml.

    python -m benchmarks.time_to_accuracy [SEEDS]

Run it in a workspace whose split is MNIST (`dvc exp run -S dataset.name=mnist split`). Both sides
train on the same training images, in turn, each seed in a process of its own; the clock runs
while they fit, after all imports, and stands still while the test images are scored after each
epoch. The notebook is the practical's recipe as one would type it: arrays, one-hot labels,
batches of 32, Adam, 5 epochs, float32. Sought is the test accuracy that it ends with: when did
each side reach it?
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SEEDS = 5
SPLIT = Path("data/split")
EXPERIMENT = "mnist_fast"


def main(seeds: int) -> None:
    """Run both sides, seed by seed, and print how they compare."""
    wall, processor = [], []
    for seed in range(1, seeds + 1):
        theirs, ours = (_in_process(side, seed) for side in ("notebook", "ours"))
        target = theirs[-1]["accuracy"]
        then = next(epoch for epoch in theirs if epoch["accuracy"] >= target)
        now = next((epoch for epoch in ours if epoch["accuracy"] >= target), None)
        print(f"seed {seed}: notebook {_said(theirs)}; ours {_said(ours)}", flush=True)
        # Never is infinitely slow.
        wall.append(then["wall"] / now["wall"] if now else 0.0)
        processor.append(then["processor"] / now["processor"] if now else 0.0)
    for clock, ratios in (("wall", wall), ("processor", processor)):
        print(
            f"{clock} time until the notebook's last test accuracy: "
            f"{statistics.median(ratios):.1f}× faster in median, range {min(ratios):.1f}× (0: not "
            f"reached) to {max(ratios):.1f}×, {seeds} seeds"
        )


class Clock:
    """Wall and processor seconds, with pauses."""

    def __init__(self) -> None:
        self.wall, self.processor = -time.perf_counter(), -time.process_time()

    def pause(self) -> dict[str, float]:
        """Stop; give what has passed."""
        self.wall += time.perf_counter()
        self.processor += time.process_time()
        return {"wall": self.wall, "processor": self.processor}

    def go_on(self) -> None:
        """Go on."""
        self.wall -= time.perf_counter()
        self.processor -= time.process_time()


def notebook(seed: int) -> list[dict[str, float]]:
    """Train as the practical does."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(seed)
    images, labels = (np.load(SPLIT / "train" / f"{name}.npy") for name in ("images", "labels"))
    x, y = images.astype("float32") / 255, keras.utils.to_categorical(labels, 10)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    test_images, test_labels = _test()
    epochs, watch = _watch(lambda: model.predict(test_images / 255.0, 500, verbose=0), test_labels)
    model.fit(x, y, batch_size=32, epochs=5, verbose=0, callbacks=[watch])
    return epochs


def ours(seed: int) -> list[dict[str, float]]:
    """Train as the experiment says, through the pipeline's own fitting."""
    import keras

    from pipeline.commands import experiments
    from pipeline.training import backend, models
    from pipeline.training.batches import SplitFolder
    from pipeline.training.fitting import fit

    settings = experiments.load(EXPERIMENT)
    (architecture,) = settings.architectures
    backend.start(settings.train.threads)
    conditions = settings.train.conditions(backend.precision)
    keras.utils.set_random_seed(seed)
    train, validation = (SplitFolder(SPLIT / name) for name in ("train", "validation"))
    values = settings.tune.fixed[architecture]
    model, recipe = models.build(
        architecture, values, train.shape, len(train.classes), conditions.precision
    )
    test_images, test_labels = _test()
    epochs, watch = _watch(lambda: model.predict(test_images, 500, verbose=0), test_labels)
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


def _watch(predict: Callable[[], Any], labels: Any) -> tuple[list[dict[str, float]], Any]:
    """Make a callback that scores the test images after each epoch while the clock stands."""
    import keras

    epochs: list[dict[str, float]] = []
    clock = Clock()

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            passed = clock.pause()
            accuracy = float((predict().argmax(axis=1) == labels).mean())
            epochs.append({"accuracy": accuracy, **passed})
            clock.go_on()

    return epochs, Watch()


def _test() -> tuple[Any, Any]:
    import numpy as np

    images, labels = (np.load(SPLIT / "test" / f"{name}.npy") for name in ("images", "labels"))
    return images, labels


def _in_process(side: str, seed: int) -> list[dict[str, float]]:
    command = [sys.executable, "-m", "benchmarks.time_to_accuracy", side, str(seed)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def _said(run: list[dict[str, float]]) -> str:
    end = run[-1]
    return (
        f"{end['accuracy']:.4f} after {end['wall']:.1f} s ({end['processor']:.1f} s of processor)"
    )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments and arguments[0] in ("notebook", "ours"):
        print(json.dumps({"notebook": notebook, "ours": ours}[arguments[0]](int(arguments[1]))))
    else:
        main(int(arguments[0]) if arguments else SEEDS)
