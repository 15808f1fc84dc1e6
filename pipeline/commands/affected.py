"""Which stages a change of parameters would run: DVC's own answer, asked in a copy.

The copy holds what git knows of the workspace, with the parameters changed. Data and models are not
in it; whether they can be had is asked of the workspace's own cache.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import networkx
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.utils.cli_parse import to_path_overrides
from dvc.utils.hydra import apply_overrides, to_hydra_overrides
from hydra.errors import HydraException

from pipeline.base import code_digest, paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import files_of, write_json
from pipeline.config import dvc_yaml, params
from pipeline.config.messages import did_you_mean
from pipeline.config.params import Params


@contextmanager
def changed_copy(overrides: Sequence[str]) -> Iterator[tuple[Path, Params]]:
    """Give a copy of the workspace with these `key=value` overrides, and its parameters.

    Raises:
        ConvoyError: an override is not one, or its value is not allowed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        # As deep as the workspace, so that a data set beside it has its place inside `scratch`.
        copy = Path(scratch, *Path.cwd().parts[1:])
        copy_known(copy)
        for stage in code_digest.stages(code_digest.loaded()):
            write_json(copy / paths.code(stage), code_digest.entry(code_digest.loaded(), stage))
        _override(copy / paths.PARAMS, overrides)
        settings = params.load(copy / paths.PARAMS, shown_as=paths.PARAMS)
        if not settings.dataset.path.is_absolute():
            _link(settings.dataset.path, copy / settings.dataset.path)
        yield copy, settings


def copy_known(target: Path) -> None:
    """Copy what git knows of the workspace, as it is now; data and models are not needed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True
    ).stdout.split(b"\0")
    for name in map(os.fsdecode, listed):
        if Path(name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, target / name)


def _link(source: Path, target: Path) -> None:
    """Let the copy see pictures of one's own, which git does not know: DVC follows links to files.

    Args:
        source: A folder of the workspace.
        target: Its place in the copy.
    """
    for file in files_of(source):
        link = target / file.relative_to(source)
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())


def _override(file: Path, overrides: Sequence[str]) -> None:
    """Change parameters as `dvc exp run -S` does, but say of each key that fails what is wrong."""
    for override in overrides:
        # As in DVC, the file may be named before the key.
        ((named, change),) = to_path_overrides([override]).items()
        key, assigned, _ = change[0].partition("=")
        if named != str(paths.PARAMS):
            raise ConvoyError(f"-S {override}: only {paths.PARAMS} holds parameters")
        if not (assigned or key.startswith("~")):
            raise ConvoyError(f"-S {override}: expected key=value")
        try:
            if to_hydra_overrides(change)[0].is_sweep_override():
                raise ConvoyError(f"-S {override}: these are several experiments; plan one of them")
            apply_overrides(file, change)
        except (DvcException, HydraException) as error:
            reason = str(error.__cause__ or error).splitlines()[0].rstrip(".")
            raise ConvoyError(f"-S {override}: {reason}{_hint(key)}") from None


def _hint(key: str) -> str:
    """Say how a key might be meant; empty if it is one, so that its value must be wrong."""
    if key.startswith("tune.fixed"):
        return "; ++ in front of it adds what is not there"
    known = dvc_yaml.flatten(params.load().model_dump())
    return "" if key in known else did_you_mean(key, known)


def stages(copy: Path) -> tuple[list[str], list[str]]:
    """Name the stages that DVC would run in the copy, and those that follow from them.

    Both are in the order in which they would run. Those that follow run only if what comes before
    them turns out different.
    """
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    with Repo() as here:
        cache = here.cache.local_cache_dir
    with Repo(str(copy), config={"cache": {"dir": cache}}) as repo:
        changes = {name.rpartition(":")[2]: found for name, found in repo.status().items()}
        # Edges lead from a stage to those it needs.
        graph = networkx.relabel_nodes(repo.index.graph, lambda stage: stage.name)
        outs = {stage.name: list(stage.outs) for stage in repo.index.stages}
    cached = {out.def_path for of_stage in outs.values() for out in of_stage if out.use_cache}
    order = list(reversed(list(networkx.topological_sort(graph))))
    certain: list[str] = []
    for name in order:
        remade = [out.def_path for earlier in certain for out in outs[earlier]]
        if any(_is_reason(entry, cached, remade) for entry in changes.get(name, [])):
            certain.append(name)
    # `check` only ever says that params.yaml is valid, and the copy has what `code` will write.
    leading = [name for name in certain if name not in ("check", "code")]
    reached = {n for name in leading for n in networkx.ancestors(graph, name)}
    return certain, [name for name in order if name in reached.difference(certain)]


def _is_reason(
    entry: str | dict[str, dict[str, Any]], cached: set[str], remade: Sequence[str]
) -> bool:
    """Tell what makes DVC run a stage from what is only so in the copy, or will be mended before.

    Args:
        entry: What DVC's status says of the stage.
        cached: The outputs that DVC keeps in its cache; they are never in the copy, so "deleted"
            says only that they are in the cache. What is in neither is "not in cache".
        remade: The outputs of stages that run before.
    """
    if isinstance(entry, str):
        return True  # such as "changed command"
    deps = entry.get("changed deps", {})
    outs = entry.get("changed outs", {})
    return any(
        state != "deleted" and not any(_overlap(path, out) for out in remade)
        for path, state in deps.items()
    ) or any(state != "deleted" or path not in cached for path, state in outs.items())


def _overlap(one: str, other: str) -> bool:
    return Path(one).is_relative_to(other) or Path(other).is_relative_to(one)
