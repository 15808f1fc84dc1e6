"""What baycomp and deep-significance say of two revisions, for docs/statistics.md.

    /path/to/python -m benchmarks.other_verdicts BASE HEAD

Runs in an environment of its own with baycomp and deepsig, so it imports nothing of the pipeline.
Both take the accuracies of the seeds, one number a training; neither sees the images.
"""

import csv
import io
import re
import subprocess
import sys

import baycomp
import deepsig
import numpy as np
from numpy.typing import NDArray

PREDICTIONS = "results/predictions.csv"
ROPE_OF_ERROR = 0.1  # the default of `evaluate.margin`


def accuracies(revision: str) -> NDArray[np.float64]:
    """Return the test accuracy of each tuned seed of a revision, [seeds]."""
    shown = subprocess.run(
        ["git", "show", f"{revision}:{PREDICTIONS}"], capture_output=True, text=True, check=True
    )
    rows = list(csv.DictReader(io.StringIO(shown.stdout)))
    seeds = [name for name in rows[0] if re.fullmatch(r"tuned_seed\d+", name)]
    return np.array([np.mean([row[seed] == row["actual"] for row in rows]) for seed in seeds])


def main() -> None:
    """Print the accuracies, their difference, and both verdicts."""
    base, head = (accuracies(revision) for revision in sys.argv[1:3])
    print(
        "accuracies", base.round(4), head.round(4), f"difference {head.mean() - base.mean():+.4f}"
    )
    rope = ROPE_OF_ERROR * (1 - base.mean())
    worse, same, better = baycomp.two_on_single(head, base, rope=rope)[::-1]
    print(f"baycomp: better {better:.3f}, alike {same:.3f}, worse {worse:.3f}")
    print(f"deep-significance: epsilon {deepsig.aso(head, base, seed=1, show_progress=False):.3f}")


if __name__ == "__main__":
    main()
