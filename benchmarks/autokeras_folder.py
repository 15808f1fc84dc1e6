"""AutoKeras on a split, for some processor seconds; benchmarks/folders.py starts it.

    python -m benchmarks.autokeras_folder SPLIT SECONDS SEED

SPLIT has train/, validation/ and test/ as stage `split` writes them. AutoKeras' image classifier
searches with its own defaults until the time is over, which ends the trial under way as well; the
best model by validation accuracy answers. Prints its accuracy on the test images. Runs in an
environment of AutoKeras' own (see benchmarks/search.py), so it imports nothing of the pipeline.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import autokeras
import keras
import numpy as np

MANY = 10_000
PATIENCE = 10  # epochs, AutoKeras' default


def main() -> None:
    """Search, and print the accuracy."""
    split, seconds, seed = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    train, validation, test = (_arrays(split / name) for name in ("train", "validation", "test"))
    with tempfile.TemporaryDirectory() as folder:
        search = autokeras.ImageClassifier(
            max_trials=MANY, objective="val_accuracy", directory=folder, seed=seed
        )
        stop = _Stop(search.tuner.oracle, seconds)
        # With an early stopping of our own AutoKeras does not train its best model once more.
        patience = keras.callbacks.EarlyStopping(patience=PATIENCE, min_delta=1e-4)
        search.fit(*train, validation_data=validation, callbacks=[patience, stop], verbose=0)
        answers = np.asarray(search.predict(test[0], verbose=0)).reshape(-1).astype(int)
    print(f"accuracy {(answers == test[1]).mean()} trials {stop.trials}")


def _arrays(folder: Path) -> tuple[Any, Any]:
    return np.load(folder / "images.npy"), np.load(folder / "labels.npy")


class _Stop(keras.callbacks.Callback):
    """Ends the search with the first batch after so many processor seconds."""

    def __init__(self, oracle: Any, seconds: float):
        super().__init__()
        self.oracle, self.seconds, self.trials = oracle, seconds, 0

    def __deepcopy__(self, memo: dict) -> "_Stop":  # KerasTuner copies callbacks
        return self

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.trials += 1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if time.process_time() > self.seconds:
            self.model.stop_training = True
            self.oracle.max_trials = 1


if __name__ == "__main__":
    main()
