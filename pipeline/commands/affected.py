"""The stages that a change of parameters would run, as DVC computes them in a copy.

The copy holds the workspace's files that git knows, with the parameters changed. Data and models
are not in it; DVC looks for them in the workspace's own cache.
"""

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import networkx
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.utils.cli_parse import to_path_overrides
from dvc.utils.hydra import apply_overrides, to_hydra_overrides
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from pipeline.base import git, paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import files_of, remedy
from pipeline.config import params
from pipeline.config.messages import did_you_mean
from pipeline.config.params import Params
from pipeline.data import location
from pipeline.stages import code

SEE = "`python -m pipeline doctor` says more."


@contextmanager
def changed_copy(overrides: Sequence[str]) -> Iterator[tuple[Path, Params]]:
    """Make a copy of the workspace with these `key=value` overrides; yield it and its parameters.

    Raises:
        ConvoyError: an override is malformed, or its value is not allowed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        # As deep as the workspace, so a data set beside the workspace lies inside `scratch` too.
        copy = Path(scratch, *Path.cwd().parts[1:])
        copy_known(copy)
        code.write(copy)
        params.written()  # a file that cannot be read cannot be changed either
        set_parameters(copy / paths.PARAMS, overrides)
        settings = params.load(copy / paths.PARAMS, shown_as=paths.PARAMS)
        location.find(settings.dataset.path)  # DVC fails without it, whatever the data set is
        if not settings.dataset.path.is_absolute():
            link(settings.dataset.path, copy / settings.dataset.path)
        yield copy, settings


def copy_known(target: Path) -> None:
    """Copy the workspace's files that git knows or does not ignore, as they are now.

    Raises:
        ConvoyError: this is no git repository, or there is no git.
    """
    listed = git.run("ls-files", "-z", "-co", "--exclude-standard")
    if listed.returncode:
        raise ConvoyError(
            f"{git.reason(listed)}. The project must lie in a git repository: git clone it."
        )
    for name in map(os.fsdecode, listed.stdout.split(b"\0")):
        if Path(name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, target / name)


def link(source: Path, target: Path, without: Collection[Path] = ()) -> None:
    """Link a folder of the user's own pictures, which git does not know, into a copy.

    Each file gets a link, because DVC follows links to files.

    Args:
        source: A folder of the workspace.
        target: Its place in the copy. Files that are there stay.
        without: Files of the folder that get no link.
    """
    for file in files_of(source):
        place = target / file.relative_to(source)
        if file not in without and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file.resolve())


def is_sweep(text: str) -> bool:
    """Check whether a `key=value` stands for several experiments; what is malformed does not."""
    try:
        ((_, change),) = to_path_overrides([text]).items()
        return bool(to_hydra_overrides(change)[0].is_sweep_override())
    except (DvcException, HydraException):
        return False


def set_parameters(file: Path, overrides: Sequence[str]) -> None:
    """Change parameters as `dvc exp run -S` does.

    Raises:
        ConvoyError: an override is malformed; the message says what is wrong with it.
    """
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
        except (DvcException, HydraException, OmegaConfBaseException) as error:
            reason = str(error.__cause__ or error).splitlines()[0].rstrip(".")
            raise ConvoyError(f"-S {override}: {reason}{_hint(key)}") from None


def _hint(key: str) -> str:
    """Return a hint for a wrong key; empty if the key exists and only its value is wrong."""
    if key.startswith("tune.fixed"):
        return "; ++ in front of it adds what is not there"
    params.load()  # a file that is wrong anyway is named first
    known = params.written()
    return "" if key in known else did_you_mean(key, known)


def stages(copy: Path) -> dict[str, bool]:
    """Return the stages that DVC may run in the copy, in the order of the run.

    Returns:
        Whether each runs in any case, or only if an earlier stage's output changes.

    Raises:
        ConvoyError: DVC cannot read dvc.yaml, dvc.lock or its own configuration.
    """
    git.required("init", "-q", folder=copy)
    try:
        with Repo() as here:
            cache = here.cache.local_cache_dir
        with Repo(str(copy), config={"cache": {"dir": cache}}) as repo:
            changes = {name.rpartition(":")[2]: found for name, found in repo.status().items()}
            # Edges lead from a stage to the stages that it needs.
            graph = networkx.relabel_nodes(repo.index.graph, lambda stage: stage.name)
            outs = {stage.name: list(stage.outs) for stage in repo.index.stages}
    except DvcException as error:
        # It names files of the copy by way of this folder.
        where = os.path.relpath(copy)
        reason = " ".join(str(error).replace(f"{where}/", "").split())
        raise ConvoyError(f"DVC cannot use what is here: {reason}. {SEE}") from None
    if not outs:
        raise ConvoyError(f"{paths.PIPELINE}: no stages. {remedy(paths.PIPELINE)}")
    cached = {out.def_path for of_stage in outs.values() for out in of_stage if out.use_cache}
    order = list(reversed(list(networkx.topological_sort(graph))))
    certain: list[str] = []
    for name in order:
        # The copy already has what `code` would write.
        makers = [earlier for earlier in certain if earlier != "code"]
        remade = [out.def_path for earlier in makers for out in outs[earlier]]
        if any(_is_reason(entry, cached, remade) for entry in changes.get(name, [])):
            certain.append(name)
    # The output of `check` never changes.
    leading = [name for name in certain if name not in ("check", "code")]
    reached = {n for name in leading for n in networkx.ancestors(graph, name)}
    return {name: name in certain for name in order if name in reached.union(certain)}


def _is_reason(
    entry: str | dict[str, dict[str, Any]], cached: set[str], remade: Sequence[str]
) -> bool:
    """Check whether a status entry makes DVC run a stage.

    Some entries do not: they hold only for the copy, or an earlier stage makes the file again.

    Args:
        entry: An entry of DVC's status of the stage.
        cached: The outputs that DVC keeps in its cache. They are never in the copy, so "deleted"
            only means that they are in the cache; otherwise the state is "not in cache".
        remade: The outputs of stages that run earlier.
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
