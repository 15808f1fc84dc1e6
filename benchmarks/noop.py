"""How long `dvc repro` takes when nothing changed, beside a toy project of five stages.

    python benchmarks/noop.py [RUNS]

Run it from the root of an up-to-date checkout. The two are timed in turn, so that both see the
same noise.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOY = "stages:\n" + "".join(
    f"  s{n}:\n    cmd: echo {n} > out{n}\n    deps: [in{n}]\n    outs: [out{n}]\n"
    for n in range(1, 6)
)


def make_toy(folder: Path) -> None:
    """Make and run a project of five stages that each write one line."""
    (folder / "dvc.yaml").write_text(TOY)
    for n in range(1, 6):
        (folder / f"in{n}").write_text(str(n))
    for command in ("git init -q", "dvc init -q", "dvc config core.analytics false"):
        subprocess.run(command.split(), cwd=folder, check=True)
    subprocess.run(["dvc", "config", "core.check_update", "false"], cwd=folder, check=True)
    repro(folder)


def repro(folder: Path) -> float:
    """Run `dvc repro`; return its seconds."""
    start = time.perf_counter()
    done = subprocess.run(["dvc", "repro"], cwd=folder, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    if folder == Path() and "Running stage" in done.stdout:
        raise SystemExit("This checkout was not up to date; run the benchmark again.")
    return seconds


def main() -> None:
    """Time both in turn and print medians, ranges and their ratio."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as scratch:
        toy = Path(scratch)
        make_toy(toy)
        repro(Path())
        pairs = [(repro(toy), repro(Path())) for _ in range(runs)]
    for name, seconds in zip(("toy", "convoy"), zip(*pairs, strict=True), strict=True):
        middle = statistics.median(seconds)
        print(f"{name:8}{middle:6.2f} s  (range {min(seconds):.2f} to {max(seconds):.2f})")
    ratios = [ours / theirs for theirs, ours in pairs]
    print(
        f"ratio   {statistics.median(ratios):6.2f}×  "
        f"(range {min(ratios):.2f} to {max(ratios):.2f}, {runs} pairs)"
    )


if __name__ == "__main__":
    main()
