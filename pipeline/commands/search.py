"""The command `python -m pipeline search`: the searches that are due, side by side.

DVC runs one stage at a time, and a search has `tune.in_flight` trials under way, so more cores than
that idle. This command computes the trials of every search that `dvc repro` would run into the
store at once, where stage `tune@ARCH` finds them.
"""

import subprocess
import sys
from collections.abc import Sequence

from dvc.repo import Repo

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json
from pipeline.config import environment, params
from pipeline.config.params import Tune
from pipeline.config.shapes import LeftOut
from pipeline.running import imports
from pipeline.running.terminal import say
from pipeline.workers.start import start_pool


def run() -> None:
    """Compute the trials of all stale searches, unless one search keeps all workers busy.

    Raises:
        ConvoyError: a stage before the searches failed.
    """
    tune = params.load().tune
    if _workers(tune) <= tune.in_flight:
        return
    # What the searches depend on; a search that is not stale does not run again.
    command = [sys.executable, "-m", "dvc", "repro", "--quiet", "settings"]
    if subprocess.run(command, check=False).returncode:
        raise ConvoyError("a stage before the searches failed; see above")
    settings = params.load()
    tune = settings.tune
    stale = _stale(settings.architectures)
    if len(stale) < 2:
        return
    most, epochs = tune.in_flight * len(stale), tune.trials * tune.epochs * len(stale)
    with imports.slim(bayesian=tune.algorithm == "bayesian"):
        from pipeline.search import side_by_side
    with start_pool("tune", most, tune.threads, epochs) as pool:
        side_by_side.fill_store(settings, stale, pool)
    say("All trials are in the store; `dvc repro` goes on from them.")


def _workers(tune: Tune) -> float:
    if environment.scheduler():
        return float("inf")
    return environment.workers() or environment.cores() // tune.threads


def _stale(architectures: Sequence[str]) -> list[str]:
    """Return those of the architectures whose search DVC would run."""
    left_out = read_json(paths.SETTINGS, LeftOut)["left_out"]
    with Repo() as repo:
        changed = {name.rpartition("@")[2] for name in repo.status(targets=["tune"])}
    return [n for n in architectures if n in changed and not left_out.get(n)]
