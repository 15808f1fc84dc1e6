"""The command `python -m pipeline board`: everything in TensorBoard.

Stages write what they do for TensorBoard while they run. What came from git or from DVC's cache
instead is written here first, from `results/` and `models/`.
"""

import shutil
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_csv
from pipeline.board.events import SCALARS
from pipeline.board.runs import MARK, Runs, mark, shows
from pipeline.evaluation import curves
from pipeline.running import imports
from pipeline.running.terminal import say
from pipeline.search.columns import TRIAL_COLUMNS, read_trials
from pipeline.training import trained

SEARCHES, FINAL = paths.TENSORBOARD / "search", paths.TENSORBOARD / "final"
PROJECTOR = paths.TENSORBOARD / "projector"


def show(port: int | None) -> None:
    """Write what is missing, then serve it until Ctrl-C.

    Args:
        port: Where; None for the first free one from 6006 on.

    Raises:
        ConvoyError: there are no results yet, or the port is taken.
    """
    fill()
    with imports.quiet():
        from tensorboard import program

        server = program.TensorBoard()
        # In one process: the second one that reads faster is worth it for far larger logs.
        options = ["--logdir", str(paths.TENSORBOARD), "--load_fast", "false"]
        server.configure(["", *options, *([] if port is None else ["--port", str(port)])])
        try:
            address = server.launch()
        except program.TensorBoardServerException as error:
            raise ConvoyError(f"TensorBoard does not start: {error}") from None
        # It looks for the projector's files when it is first asked, and shows the tab afterwards.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(f"{address}data/plugins_listing").close()
    say(f"TensorBoard is at {address} and shows what runs meanwhile, too. Ctrl-C ends it.")
    threading.Event().wait()


def fill() -> None:
    """Write for TensorBoard what is in `results/` and `models/` and is not there yet.

    Raises:
        ConvoyError: there are no results yet.
    """
    tables, curves = (sorted(f.glob("*.csv")) for f in (paths.TRIALS, paths.LEARNING_CURVES))
    if not tables and not curves and not paths.TENSORBOARD.exists():
        raise ConvoyError(f"{paths.RESULTS}: nothing to show yet. Run `dvc repro`.")
    _forget(SEARCHES, tables)
    _forget(FINAL, curves)
    for table in tables:
        if not shows(SEARCHES / table.stem, table):
            _search(table)
    stale = [file for file in curves if not shows(FINAL / file.stem, file, _index(file.stem))]
    for file in stale:
        if not _index(file.stem).exists():
            _curves(file, Runs(FINAL / file.stem), {})
    with_models = [file for file in stale if _index(file.stem).exists()]
    images = _test_images_stale()
    if with_models or images:
        with imports.slim():
            from pipeline.commands import board_models  # takes TensorFlow's seconds
        for file in with_models:
            runs = Runs(FINAL / file.stem)
            _curves(file, runs, board_models.describe(file.stem, runs))
        if images:
            board_models.test_images(PROJECTOR)
            mark(PROJECTOR, _index("tuned"), paths.DATA_REPORT)


def _search(table: Path) -> None:
    """Write the trials of one search: their hyperparameters and the scores they ended with."""
    runs = Runs(SEARCHES / table.stem)
    for row in read_trials(table):
        run = f"trial-{int(row['trial']):04d}"
        values = {name: _value(text) for name, text in row.items() if name not in TRIAL_COLUMNS}
        given = {name: value for name, value in values.items() if value != ""}
        runs.begin(run, f"{table.stem}-{row['trial']}", given)
        failed = row["status"] == "failed"
        if not failed:
            scores = {name: float(row[name]) for name in ("val_accuracy", "val_loss")}
            runs.scalars(run, int(row["epochs"]), scores)
        runs.end(run, [], failed)
    runs.shown(table)


def _curves(file: Path, runs: Runs, weights: Mapping[str, Any]) -> None:
    """Write the learning curves of one final training.

    Args:
        file: Its table.
        runs: Where to.
        weights: For each seed, how the weights of its model are spread.
    """
    by_seed: dict[str, list[list[float]]] = {}
    for row in read_csv(file, curves.COLUMNS):  # none where nothing was trained
        by_seed.setdefault(row["seed"], []).append([float(row[name]) for name in SCALARS])
    for seed, curve in by_seed.items():
        run = f"seed-{seed}"
        for epoch, scores in enumerate(curve, start=1):
            last = weights.get(seed, {}) if epoch == len(curve) else {}
            runs.epoch(run, epoch, scores, last)
        runs.end(run, curve)
    runs.shown(file, _index(file.stem))


def _test_images_stale() -> bool:
    """Check whether the test images must be written anew; not if there is no model or image."""
    needed = (_index("tuned"), paths.TEST / "images.npy")
    missing = [str(file) for file in needed if not file.exists()]
    if missing:
        say(f"note: no test images in the projector, for want of {' and '.join(missing)}")
    return not missing and not shows(PROJECTOR, _index("tuned"), paths.DATA_REPORT)


def _forget(folder: Path, results: list[Path]) -> None:
    """Remove finished runs whose results are not here any more; those that run have no mark."""
    for runs in folder.glob("*"):
        if (runs / MARK).exists() and runs.name not in {file.stem for file in results}:
            shutil.rmtree(runs)


def _index(name: str) -> Path:
    return paths.MODELS / name / trained.INDEX


def _value(text: str) -> bool | float | str:
    """Read a hyperparameter from the text that it is in a trial table."""
    if text in ("True", "False"):
        return text == "True"
    try:
        return float(text)
    except ValueError:
        return text
