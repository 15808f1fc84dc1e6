"""Time of stage `train` against a bare `model.fit` of the same model, images and epochs.

    python -m benchmarks.overhead [PAIRS]

Run it in a workspace that has been run with `dvc repro`: the stage trains the tuned model again,
the bare side builds the same model from the same specification. Both are processes of their own,
in turn; imports are counted on both sides.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

PAIRS = 5


def main(pairs: int) -> None:
    """Time both sides and print the ratios."""
    ratios = []
    for _ in range(pairs):
        stage = _seconds("pipeline.stages", "train", "tuned")
        bare = _seconds("benchmarks.overhead", "bare")
        ratios.append(stage / bare)
        print(f"stage {stage:.1f} s, bare {bare:.1f} s, ratio {ratios[-1]:.3f}", flush=True)
    print(
        f"median {statistics.median(ratios):.3f} of {pairs} pairs, "
        f"range {min(ratios):.3f} to {max(ratios):.3f}"
    )


def bare() -> None:
    """Fit one model a seed as a script would: arrays in memory, Keras' own shuffling."""
    import keras
    import numpy as np

    from pipeline.base import paths
    from pipeline.config import params
    from pipeline.training import backend, models, specification

    settings = params.load().train
    backend.start(settings.threads)
    chosen = specification.read(paths.SELECT / "tuned.json")
    (x, y), validation = (
        [np.load(folder / f"{name}.npy") for name in ("images", "labels")]
        for folder in (paths.TRAIN, paths.VALIDATION)
    )
    for seed in settings.seeds:
        keras.utils.set_random_seed(seed)
        model, recipe = models.build(
            chosen.architecture, chosen.hyperparameters, x.shape[1:], int(y.max()) + 1
        )
        # The learning rate does not change the time, and the optimizers cost about the same.
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(
            x,
            y,
            batch_size=recipe.batch_size,
            epochs=settings.epochs,
            validation_data=tuple(validation),
            validation_batch_size=500,
            verbose=0,
        )


def _seconds(*arguments: str) -> float:
    with tempfile.TemporaryDirectory() as state:  # empty: seeds that are finished are not trained
        environment = {**os.environ, "CONVOY_STATE": state}
        command = [sys.executable, "-m", *arguments]
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1:] == ["bare"]:
        bare()
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else PAIRS)
