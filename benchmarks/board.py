"""What is written for TensorBoard, as a share of the processor time of stage `train`.

    python -m benchmarks.board [RUNS] [MODEL]

Run it in a workspace that has been run with `dvc repro`: each run is a process that trains every
seed of the model again. Timed are counting the weights, and writing epochs, graph and ends of runs,
by the processor clock of the thread that does it; the whole is the process with its imports. Runs
with and without, in turn, differ more from each other on a shared machine than what is measured.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

RUNS = 5


def main(runs: int, model: str) -> None:
    """Measure some runs and print the shares."""
    shares = []
    for _ in range(runs):
        spent, whole = _measured(model)
        shares.append(spent / whole)
        print(f"{spent:.3f} s of {whole:.1f} s: {shares[-1]:.2%}", flush=True)
    print(
        f"{model}: median {statistics.median(shares):.2%} of {runs} runs, "
        f"range {min(shares):.2%} to {max(shares):.2%}"
    )


def train(model: str) -> None:
    """Run the stage; print last the processor seconds that went into TensorBoard."""
    from pipeline.board.runs import Runs
    from pipeline.running import imports
    from pipeline.running import stage as runner

    with imports.slim():
        from pipeline.training import reports
    spent = []

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def measured(*arguments: Any, **options: Any) -> Any:
            start = time.thread_time()
            try:
                return function(*arguments, **options)
            finally:
                spent.append(time.thread_time() - start)

        return measured

    for method in ("__init__", "epoch", "end", "graph", "shown"):
        setattr(Runs, method, timed(getattr(Runs, method)))
    reports.histograms = timed(reports.histograms)
    runner.run(None, "train", model)
    print(sum(spent))


def _measured(model: str) -> tuple[float, float]:
    """Return processor seconds: for TensorBoard, and of the whole process."""
    with tempfile.TemporaryDirectory() as state:  # empty: seeds that are finished are not trained
        environment = {**os.environ, "CONVOY_STATE": state, "CONVOY_WORKERS": "1"}
        command = [sys.executable, "-m", "benchmarks.board", "train", model]
        before = _processor()
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        return float(done.stdout.split()[-1]), _processor() - before


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["train"]:
        train(given[1])
    else:
        main(int(given[0]) if given else RUNS, given[1] if given[1:] else "tuned")
