"""Time of stage `train` with and without what it writes for TensorBoard, in turn.

    python -m benchmarks.board [PAIRS] [MODEL]

Run it in a workspace that has been run with `dvc repro`. Both sides are processes of their own that
train every seed of the model again; the other side reports epochs as well, but counts no weights
and writes nothing. Compared is processor time, which other programs disturb less, of the whole
process, so that imports count, too.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

PAIRS = 10


def main(pairs: int, model: str) -> None:
    """Time both sides and print the ratios."""
    ratios = []
    for number in range(pairs):
        # The first of a pair may find the machine in another state than the second.
        sides = ("with", "without") if number % 2 else ("without", "with")
        took = {side: _measured(side, model) for side in sides}
        ratios.append(took["with"][0] / took["without"][0])
        print(
            f"with {took['with'][0]:.1f} s of processor ({took['with'][1]:.1f} s), "
            f"without {took['without'][0]:.1f} s ({took['without'][1]:.1f} s), "
            f"ratio {ratios[-1]:.3f}",
            flush=True,
        )
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"{model}: median {middle:.3f} of {pairs} pairs, half of them {low:.3f} to {high:.3f}, "
        f"range {min(ratios):.3f} to {max(ratios):.3f}"
    )


def train(side: str, model: str) -> None:
    """Run the stage, on one side or the other."""
    from pipeline.stages import __main__ as runner

    if side == "without":
        from pipeline.board.runs import Runs
        from pipeline.running import imports

        with imports.slim():
            from pipeline.training import reports
        for method in ("begin", "epoch", "scalars", "end", "graph", "shown"):
            setattr(Runs, method, lambda *args, **options: None)
        reports.histograms = lambda model: {}
    runner.run("train", model)


def _measured(side: str, model: str) -> tuple[float, float]:
    """Return processor seconds and wall seconds."""
    with tempfile.TemporaryDirectory() as state:  # empty: seeds that are finished are not trained
        environment = {**os.environ, "CONVOY_STATE": state, "CONVOY_WORKERS": "1"}
        command = [sys.executable, "-m", "benchmarks.board", side, model]
        before, start = _processor(), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        return _processor() - before, time.perf_counter() - start


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    if sys.argv[1:2] in (["with"], ["without"]):
        train(*sys.argv[1:])
    else:
        given = sys.argv[1:]
        main(int(given[0]) if given else PAIRS, given[1] if given[1:] else "tuned")
