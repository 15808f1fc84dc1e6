"""`python -m pipeline plan`: which stages a change would run, and about what that costs."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.utils.hydra import apply_overrides
from rich.table import Table

from pipeline import costs, params, paths
from pipeline.costs import Cost
from pipeline.errors import ConvoyError
from pipeline.files import write_json
from pipeline.params import Params
from pipeline.terminal import console, say


@dataclass(frozen=True)
class Estimate:
    """What is expected of one stage.

    Attributes:
        stage: Its name.
        certain: Whether it is sure to run, or only if what precedes it comes out different.
        seconds: Expected time; None where no earlier run says anything.
        peak_mib: Memory of the latest run, in MiB; None likewise.
    """

    stage: str
    certain: bool
    seconds: float | None
    peak_mib: float | None


def show(overrides: Sequence[str]) -> None:
    """Print the stages that would run with these `key=value` overrides, with their costs."""
    estimates = plan(overrides)
    if not estimates:
        say("Nothing would run: data and results are up to date.")
        return
    table = Table(title="What `dvc repro` would run")
    for column in ("stage", "runs", "about", "peak memory"):
        table.add_column(column)
    for estimate in estimates:
        table.add_row(
            estimate.stage,
            "yes" if estimate.certain else "if its inputs change",
            "unknown" if estimate.seconds is None else f"{estimate.seconds:,.0f} s",
            "unknown" if estimate.peak_mib is None else f"{estimate.peak_mib:,.0f} MiB",
        )
    console.print(table)
    known = [estimate.seconds for estimate in estimates if estimate.seconds is not None]
    say(
        f"At most {sum(known):,.0f} s for the {len(known)} of {len(estimates)} stages that have run"
    )
    say("here before. Trials already in the ledger and cached stages take less.")
    _say_accuracy()


def plan(overrides: Sequence[str]) -> list[Estimate]:
    """Estimate every stage that the overrides reach, in the order in which they would run.

    Raises:
        ConvoyError: an override is not one, or its value is not allowed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        _copy_tracked(copy)
        try:
            apply_overrides(copy / paths.PARAMS, list(overrides))
        except DvcException as error:
            raise ConvoyError(f"-S {' '.join(overrides)}: {error}") from None
        settings = params.load(copy / paths.PARAMS)
        certain, following = _affected(copy)
    earlier = costs.earlier()
    estimates = [_estimate(stage, True, settings, earlier) for stage in certain]
    estimates += [_estimate(stage, False, settings, earlier) for stage in following]
    planned = {entry.stage: entry.seconds for entry in estimates if entry.seconds is not None}
    write_json(paths.PLAN, planned)
    return estimates


def _copy_tracked(target: Path) -> None:
    """Copy what git knows of the workspace, as it is now; data and models are not needed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        if Path(name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, target / name)


def _affected(copy: Path) -> tuple[list[str], list[str]]:
    """Name the stages that DVC would run in the copy, and those that follow from them."""
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    with Repo(str(copy)) as repo:
        changes = {name.rpartition(":")[2]: found for name, found in repo.status().items()}
        # Edges lead from a stage to those it needs.
        graph = networkx.relabel_nodes(repo.index.graph, lambda stage: stage.name)
    order = list(reversed(list(networkx.topological_sort(graph))))
    certain = {name for name, found in changes.items() if any(map(_is_change, found))}
    # `check` only ever says that params.yaml is valid: nothing follows from it.
    reached = {n for name in certain - {"check"} for n in networkx.ancestors(graph, name)}
    return (
        [name for name in order if name in certain],
        [name for name in order if name in reached - certain],
    )


def _is_change(entry: str | dict[str, dict[str, Any]]) -> bool:
    """Tell a change from data and models that are merely not in the copy."""
    if isinstance(entry, str):
        return True  # such as "changed command"
    return any(state != "deleted" for state in entry.get("changed deps", {}).values())


def _estimate(stage: str, certain: bool, settings: Params, earlier: Sequence[Cost]) -> Estimate:
    """Scale the latest run of this stage on this data set by the amount of work."""
    same = [c for c in earlier if c.stage == stage and c.dataset == settings.dataset.name]
    if not same:
        return Estimate(stage, certain, None, None)
    latest = same[-1]
    images = costs.images()
    ratio = costs.work_of(stage, settings, images) / latest.work if images else 1.0
    return Estimate(
        stage, certain, latest.startup_seconds + latest.work_seconds * ratio, latest.peak_mib
    )


def _say_accuracy() -> None:
    """Tell how good earlier estimates were."""
    ratios = sorted(c.seconds / c.planned_seconds for c in costs.earlier() if c.planned_seconds)
    if ratios:
        say(
            f"Of {len(ratios)} stages run after a plan, the middle one took "
            f"{ratios[len(ratios) // 2]:.2f}× the time planned "
            f"(range {ratios[0]:.2f}× to {ratios[-1]:.2f}×)."
        )
