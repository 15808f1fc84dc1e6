"""What 1,000 trials cost besides their trainings: proposals, the median rule, the order of results.

    python -m benchmarks.many_trials [ALGORITHM] [TRIALS]

Every training is replaced by a score that follows from its hyperparameters, so that what is left
is the search itself. Prints seconds and resident memory on the way.
"""

import sys
import time
import zlib
from concurrent.futures import Future
from typing import Any

import psutil

from pipeline.config.conditions import PLAIN
from pipeline.config.params import Tune
from pipeline.search.records import TrialSpec
from pipeline.search.search import Search
from pipeline.search.space import search_space
from pipeline.training.work import EpochRow, Finished, Result

EPOCHS = 12


class Answers:
    """Stands for the executor: every trial has ended when it is asked for."""

    def submit(self, spec: TrialSpec) -> "Future[Finished]":
        """Return a made-up score, the same for the same hyperparameters."""
        score = zlib.crc32(repr(sorted(spec.values.items())).encode()) / 2**32
        curve = tuple(EpochRow(1.0, score, 1.0, score) for _ in range(EPOCHS))
        future: Future[Finished] = Future()
        future.set_result(
            Finished(Result("completed", score, 1.0, 10, curve=curve), reused=False, seconds=1.0)
        )
        return future


def main() -> None:
    """Search, and print time and memory on the way."""
    algorithm: Any = sys.argv[1] if len(sys.argv) > 1 else "random"
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    tune = Tune(
        algorithm=algorithm,
        trials=trials,
        epochs=EPOCHS,
        in_flight=2,
        seed=1,
        threads=1,
        batch_sizes=None,
        median_stopping=True,
        trial_seconds=None,
        fixed={},
    )
    search = Search("compact_cnn", tune, PLAIN, Answers())  # type: ignore[arg-type]
    begun, processor = time.perf_counter(), time.process_time()
    for record in search.run(search_space("compact_cnn", (28, 28, 1), 10, {})):
        if record.number % max(1, trials // 10) == 0:
            size = psutil.Process().memory_info().rss / 2**20
            wall, used = time.perf_counter() - begun, time.process_time() - processor
            took = f"{wall:6.1f} s, {used:6.1f} s of processor"
            print(f"{record.number:5} trials: {took}, {size:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
