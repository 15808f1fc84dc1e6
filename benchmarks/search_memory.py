"""Memory of the search process over many trials.

    python -m benchmarks.search_memory [TRIALS]

Trials are as small as they get (150 images of 12×12, one epoch), since what is measured is what
remains of each model in the process that runs the search. Prints the resident memory of that
process after every 25th trial.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil

from pipeline.base import paths
from pipeline.config.conditions import PLAIN
from pipeline.config.params import Tune
from pipeline.search.search import Search
from pipeline.search.space import search_space
from pipeline.training import backend
from pipeline.training.batches import SplitFolder
from pipeline.workers.start import start_pool

ARCHITECTURE = "mlp"


def main() -> None:
    """Search, and print the memory on the way."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    backend.start(1)
    with tempfile.TemporaryDirectory() as folder:
        train, validation = (_split(Path(folder) / name) for name in ("train", "validation"))
        tune = Tune(
            algorithm="random",
            trials=trials,
            epochs=1,
            in_flight=1,
            seed=1,
            threads=1,
            batch_sizes=None,
            median_stopping=False,
            trial_seconds=None,
            fixed={},
        )
        space = search_space(ARCHITECTURE, train.shape, len(train.classes), {})
        paths.STORE = Path(folder) / "store"
        with (
            start_pool("tune", tune.in_flight, tune.threads, 0) as pool,
            Search.open(ARCHITECTURE, tune, PLAIN, train, validation, pool) as search,
        ):
            for record in search.run(space):
                if record.number % 25 == 0 or record.number == 1:
                    size = psutil.Process().memory_info().rss / 2**20
                    print(f"after {record.number:4} trials: {size:7.0f} MiB", flush=True)


def _split(folder: Path) -> SplitFolder:
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (150, 12, 12, 1), np.uint8)
    return SplitFolder.write(folder, images, rng.integers(0, 3, 150), ["a", "b", "c"])


if __name__ == "__main__":
    main()
