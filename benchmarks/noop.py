"""Time that `dvc repro` takes when nothing has changed, beside a toy project of five stages.

    python -m benchmarks.noop [RUNS] [OPTION OF dvc repro...]

Run it from the root of an up-to-date checkout. Timed in turn, so that all see the same noise: the
toy, the toy with as many stages as this project, this project without stage `code` and what it
writes (the least that any way to track code could reach), and this project.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dvc.repo import Repo
from ruamel.yaml import YAML

from pipeline.base import paths

TOY_STAGES = 5


def dvc(folder: Path, *arguments: str) -> str:
    """Run DVC in a folder; return what it printed."""
    return subprocess.run(
        ["dvc", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def make_toy(folder: Path, stages: int) -> None:
    """Make and run a project of stages that each write one line."""
    folder.mkdir()
    text = "stages:\n"
    for n in range(1, stages + 1):
        text += f"  s{n}:\n    cmd: echo {n} > out{n}\n    deps: [in{n}]\n    outs: [out{n}]\n"
        (folder / f"in{n}").write_text(str(n))
    (folder / "dvc.yaml").write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    dvc(folder, "init", "-q")
    for setting in ("analytics", "check_update"):
        dvc(folder, "config", f"core.{setting}", "false")
    dvc(folder, "repro")


def make_without_code(folder: Path) -> None:
    """Copy this checkout, and let no stage depend on code."""
    shutil.copytree(".", folder, ignore=shutil.ignore_patterns(".venv*", ".state", ".*_cache"))
    pipeline = YAML(typ="safe").load(paths.PIPELINE.read_text(encoding="utf-8"))
    del pipeline["stages"]["code"]
    for stage in pipeline["stages"].values():
        listed = stage.pop("deps", [])
        kept = [path for path in listed if not path.startswith((f"{paths.CODE}/", "pipeline/"))]
        stage |= {"deps": kept} if kept else {}
    YAML(typ="safe").dump(pipeline, folder / paths.PIPELINE)
    (folder / "dvc.lock").unlink()
    dvc(folder, "commit", "--force")


def timed(folder: Path, options: Sequence[str]) -> float:
    """Run `dvc repro`; return its seconds."""
    start = time.perf_counter()
    printed = dvc(folder, "repro", *options)
    seconds = time.perf_counter() - start
    if "Running stage" in printed:
        raise SystemExit(f"{folder} was not up to date; run the benchmark again.")
    return seconds


def main() -> None:
    """Time all in turn; print medians, ranges and ratios to the toy."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    options = sys.argv[2:]
    with Repo() as repo:
        stages = len(repo.index.stages)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {
            f"toy of {TOY_STAGES} stages": Path(scratch) / "toy",
            f"toy of {stages} stages": Path(scratch) / "larger",
            "convoy, no code listed": Path(scratch) / "bare",
            "convoy": Path(),
        }
        toy, larger, bare, _ = folders.values()
        make_toy(toy, TOY_STAGES)
        make_toy(larger, stages)
        dvc(Path(), "repro")
        make_without_code(bare)
        for folder in folders.values():
            timed(folder, options)
        rounds = [[timed(folder, options) for folder in folders.values()] for _ in range(runs)]
    for name, seconds in zip(folders, zip(*rounds, strict=True), strict=True):
        ratios = [mine / first for mine, (first, *_) in zip(seconds, rounds, strict=True)]
        print(
            f"{name:24}{statistics.median(seconds):6.2f} s  "
            f"({min(seconds):.2f} to {max(seconds):.2f}), {statistics.median(ratios):.2f}× the "
            f"first ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
