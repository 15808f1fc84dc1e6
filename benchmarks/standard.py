"""The standard results: each a run of committed settings, computed anew, kept as a small file.

    python -m benchmarks.standard NAME|NAME=FOLDER... [--again]

NAME is `default` for params.yaml as it is, or an experiment in `experiments/`. With a folder of
pictures it is an experiment that wants one, such as `folder_small=pictures/cifar`, or any other
name for the default settings, such as `flowers=pictures/flowers`. MNIST and Fashion-MNIST are
downloaded, or taken from CONVOY_MIRROR (docs/data.md).

Each runs in a scratch clone of the last commit, with nothing from earlier runs, and is written to
docs/results/NAME.json; then `make docs` brings the table in docs/results.md up to date. A name that
has its file is passed over unless `--again` is given, so a list that was interrupted goes on where
it stopped. A run that fails keeps its clone, and says where.
"""

import argparse
import contextlib
import csv
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import anew
from benchmarks.anew import ROOT, Run
from pipeline.commands import experiments
from pipeline.config import environment
from pipeline.evaluation.metrics import from_json
from pipeline.page.sections import reproduce

RESULTS = ROOT / "docs/results"
DEFAULT = "default"
MODELS = ("tuned", "baseline")


def measured(name: str, folder: Path | None, workspace: Path) -> dict[str, Any]:
    """Run the settings of a name in a scratch clone, and return what is kept of it."""
    anew.clone(workspace)
    about = described(name, folder, workspace)
    return about | outcome(anew.repro(workspace, changes(name, folder, workspace)))


def described(name: str, folder: Path | None, workspace: Path) -> dict[str, Any]:
    """Return the command, the clone's commit, this machine and the software that runs here."""
    gpus = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return {
        "command": f"python -m benchmarks.standard {name}{'=FOLDER' if folder else ''}",
        "commit": _output("git", "-C", str(workspace), "rev-parse", "HEAD"),
        "hardware": {
            "processor": reproduce.processor(),
            "cores": os.cpu_count(),
            # Programs that ran or waited beside it, mean of the minute before: they make it slower.
            "load_before": round(os.getloadavg()[0], 1),
            "gpus": _output(*gpus).splitlines() if environment.gpus() else [],
        },
        "software": {
            "python": platform.python_version(),
            **{package: found for package in reproduce.PACKAGES if (found := _version(package))},
        },
    }


def outcome(run: Run) -> dict[str, Any]:
    """Return what is kept of a finished run: data, seconds, models, yardsticks."""
    metrics, data = from_json(run.read("metrics.json")), run.read("data.json")
    return {
        "dataset": metrics["dataset"],
        "training_images": data["train"]["images"],
        "test_images": metrics["test_images"],
        "wall_seconds": round(run.wall, 1),
        "processor_seconds": round(run.processor, 1),
        "models": {model: _model(run, metrics, model) for model in MODELS},
        "yardsticks": {
            yardstick: {key: score[key] for key in ("accuracy", "accuracy_interval")}
            for yardstick, score in metrics["yardsticks"].items()
        },
    }


def changes(name: str, folder: Path | None, workspace: Path) -> list[str]:
    """Return what the settings of a name change in params.yaml, as `dvc exp run -S` takes it.

    Raises:
        SystemExit: there is no experiment of that name, or it wants a folder, or none.
    """
    with contextlib.chdir(workspace):
        known = name in experiments.names()
        found = experiments.changes(name) if known else []
        wants = known and experiments.load(name).dataset.name == "folder"
    if folder is None and (wants or not (known or name == DEFAULT)):
        raise SystemExit(
            f"{name}: neither {DEFAULT} nor an experiment in experiments/ that needs no folder; "
            f"for a folder of pictures: {name}=FOLDER"
        )
    if folder is None:
        return found
    if name == DEFAULT or known != wants:
        raise SystemExit(f"{name}={folder}: {name} has a data set of its own; leave out the folder")
    return [*found, "dataset.name=folder", f"dataset.path={anew.quoted(str(folder.resolve()))}"]


def _model(run: Run, metrics: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Return what is kept of one of the two configurations that a run trains."""
    accuracies = _accuracies(run, model)
    index = json.loads((run.workspace / f"models/{model}/models.json").read_text("utf-8"))
    return {
        "architecture": metrics[model]["architecture"],
        "parameters": metrics[model]["parameters"],
        "precision": index["precision"],
        "backend": index["backend"],
        "accuracy_by_seed": accuracies,
        "released_interval": metrics[model]["accuracy_interval"],
        "training_wall_seconds": _training_seconds(run, model),
    }


def _accuracies(run: Run, model: str) -> dict[str, float]:
    """Compute the test accuracy of each seed from the predictions."""
    with (run.workspace / "results/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    begin = f"{model}_seed"
    columns = [name for name in rows[0] if name.removeprefix(begin).isdecimal()]
    return {
        name.removeprefix(begin): sum(row[name] == row["actual"] for row in rows) / len(rows)
        for name in columns
    }


def _training_seconds(run: Run, model: str) -> float:
    """Return the wall seconds of the stage that trained all seeds, without its imports."""
    lines = (run.workspace / ".state/costs/stages.jsonl").read_text(encoding="utf-8").splitlines()
    costs = {cost["stage"]: cost for cost in map(json.loads, lines)}
    return costs[f"train@{model}"]["work_seconds"]


def _output(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _one(name: str, folder: Path | None, *, again: bool) -> bool:
    """Measure one name unless it has its file; return whether it has one now."""
    target = RESULTS / f"{name}.json"
    if target.exists() and not again:
        print(f"{name}: {target.relative_to(ROOT)} is there; --again measures it anew", flush=True)
        return True
    scratch = Path(tempfile.mkdtemp(prefix=f"standard-{name}-"))
    print(f"{name}: runs in {scratch}; its output is in convoy/{anew.LOG} there", flush=True)
    try:
        found = measured(name, folder, scratch / "convoy")
    except subprocess.CalledProcessError as error:
        print(f"{name}: failed with status {error.returncode}; {scratch} is kept", flush=True)
        return False
    RESULTS.mkdir(exist_ok=True)
    target.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.rmtree(scratch)
    print(
        f"{name}: {found['wall_seconds']:,.0f} s, {found['processor_seconds']:,.0f} processor "
        f"seconds; written to {target.relative_to(ROOT)}",
        flush=True,
    )
    return True


def main(arguments: Sequence[str]) -> int:
    """Measure the names of the command line in turn; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.standard")
    parser.add_argument("names", nargs="+", metavar="NAME|NAME=FOLDER")
    parser.add_argument("--again", action="store_true", help="also names that have their file")
    given = parser.parse_args(arguments)
    asked = [text.partition("=")[::2] for text in given.names]
    for name, folder in asked:
        if not re.fullmatch(r"[\w-]+", name):
            parser.error(f"{name}: a name is letters, digits, _ and -")
        if folder and not Path(folder).is_dir():
            parser.error(f"{name}={folder}: no such folder")
        # Before the first run, not after hours.
        changes(name, Path(folder) if folder else None, ROOT)
    done = [_one(n, Path(f) if f else None, again=given.again) for n, f in asked]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
