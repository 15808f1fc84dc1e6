"""Time to learn MNIST: the practical's notebook against experiments/mnist_fast.yaml.

    python -m benchmarks.time_to_accuracy [SEEDS]

Run it in a workspace whose split is MNIST (`dvc exp run -S dataset.name=mnist split`). Both sides
train on the same training images, in turn, each seed in a process of its own; the clock runs
while they build and fit, after all imports, and stands still while the test images are scored
after each epoch. The notebook is the practical's recipe as one would type it: arrays, one-hot
labels, batches of 32, Adam, 5 epochs, float32. The goal is the test accuracy that it ends with:
when does each side reach it?
"""

import json
import statistics
import subprocess
import sys

from benchmarks.reaching import SEEDS, Clock, Epoch, reached, train, watching
from pipeline.base import paths

EXPERIMENT = "mnist_fast"


def main(seeds: int) -> None:
    """Run both sides, seed by seed, and print how they compare."""
    wall, processor = [], []
    for seed in range(1, seeds + 1):
        theirs, ours = (_in_process(side, seed) for side in ("notebook", "ours"))
        target = theirs[-1]["accuracy"]
        then, now = reached(theirs, target), reached(ours, target)
        assert then is not None
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


def notebook(seed: int) -> list[Epoch]:
    """Train as the practical does."""
    import keras
    import numpy as np

    (images, labels), (test_images, test_labels) = (
        [np.load(folder / f"{name}.npy") for name in ("images", "labels")]
        for folder in (paths.TRAIN, paths.TEST)
    )
    x, y = images.astype("float32") / 255, keras.utils.to_categorical(labels, 10)
    clock = Clock()
    keras.utils.set_random_seed(seed)
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
    epochs, watch = watching(
        clock, lambda: model.predict(test_images / 255.0, 500, verbose=0), test_labels
    )
    model.fit(x, y, batch_size=32, epochs=5, verbose=0, callbacks=[watch])
    return epochs


def _in_process(side: str, seed: int) -> list[Epoch]:
    command = [sys.executable, "-m", "benchmarks.time_to_accuracy", side, str(seed)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def _said(run: list[Epoch]) -> str:
    end = run[-1]
    return (
        f"{end['accuracy']:.4f} after {end['wall']:.1f} s ({end['processor']:.1f} s of processor)"
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["notebook", seed]:
            print(json.dumps(notebook(int(seed))))
        case ["ours", seed]:
            print(json.dumps(train(EXPERIMENT, int(seed))))
        case [*seeds]:
            main(int(seeds[0]) if seeds else SEEDS)
