"""What git calls to merge dvc.lock and results/, and the command that tells git so.

DVC records in dvc.lock what each stage read and wrote. So two versions of it are merged stage by
stage: a stage that only one branch has run keeps that branch's entry, and its files, which only
that branch has changed, are taken by git without asking. A stage that both have run is made anew
in most cases, because both changed what it depends on; until then it keeps the entry and the files
of the branch that git calls "ours". `dvc repro` compares digests, so it recognises every stage
whose entry or files do not belong to the merged code, data and parameters.

DVC's own driver, `dvc git-hook merge-driver`, merges only the .dvc files that `dvc add` writes.
"""

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.base import git
from pipeline.base.errors import ConvoyError
from pipeline.running.terminal import say

# The names in .gitattributes, and what git runs: %O, %A and %B are files with the common
# ancestor's version, ours, and theirs. The driver leaves its result in %A; `true` leaves ours.
LOCK_DRIVER = "merge.convoy-lock.driver"
RESULTS_DRIVER = "merge.convoy-results.driver"

SET_UP = "python -m pipeline merge-setup"

Stages = Mapping[str, Any]


def drivers() -> dict[str, str]:
    """Return the settings of git that name the drivers, by key."""
    # Git calls it from the root of the working tree, with or without an activated environment.
    # In a larger repository that is above the project, and git's files lie there.
    prefix = Path(git.answer("rev-parse", "--show-prefix"))
    enter = f"cd {shlex.quote(str(prefix))} && " if prefix.parts else ""
    files = " ".join("../" * len(prefix.parts) + name for name in ("%O", "%A", "%B"))
    command = f"{enter}{shlex.quote(sys.executable)} -m pipeline merge-lock {files}"
    return {LOCK_DRIVER: command, RESULTS_DRIVER: "true"}


def set_up() -> None:
    """Tell git, for this clone, how dvc.lock and results/ are merged.

    Raises:
        ConvoyError: git fails, or is not installed.
    """
    for key, command in drivers().items():
        done = git.run("config", key, command)
        if done.returncode:
            raise ConvoyError(f"`git config {key}`: {git.reason(done)}")
    say("git merges dvc.lock and results/ in this clone without conflicts")


def is_set_up() -> bool:
    """Check whether this clone has both drivers, and the programs that they name."""
    return all(shutil.which(_program(key)) for key in drivers())


def merge_lock(ancestor: Path, ours: Path, theirs: Path) -> None:
    """Merge two versions of dvc.lock, and write the result over ours.

    Raises:
        ConvoyError: one of them cannot be read. Git then reports a conflict in dvc.lock.
    """
    before, mine, other = (_read(file) for file in (ancestor, ours, theirs))
    stages, both = merged(*(content.get("stages", {}) for content in (before, mine, other)))
    YAML().dump({**mine, "stages": stages}, ours)
    if both:
        say(f"dvc.lock: both sides have run {', '.join(both)}.")
    say("dvc.lock and results/ are merged; `dvc repro` runs what is stale, `dvc status` names it.")


def merged(ancestor: Stages, ours: Stages, theirs: Stages) -> tuple[dict[str, Any], list[str]]:
    """Merge the stages of dvc.lock.

    Args:
        ancestor: The stages of the common ancestor, by name; empty if it has no dvc.lock.
        ours: Those of the branch that is merged into.
        theirs: Those of the branch that is merged.

    Returns:
        The stages in our order, followed by those that only the other side has; and the names of
        the stages that both sides have changed, each in its own way.
    """
    names = [*ours, *(name for name in theirs if name not in ours)]
    both, found = [], {}
    for name in names:
        before, mine, other = (side.get(name) for side in (ancestor, ours, theirs))
        if mine not in (before, other) and other != before:
            both.append(name)
        chosen = other if mine == before else mine
        if chosen is not None:
            found[name] = chosen
    return found, both


def _program(key: str) -> str:
    """Read from git's settings which program a driver runs; empty if there is no such driver."""
    words = shlex.split(git.answer("config", "--get", key))
    return next(iter(words[words.index("&&") + 1 :] if "&&" in words else words), "")


def _read(file: Path) -> dict[str, Any]:
    """Read one version of dvc.lock; empty if a side has none."""
    try:
        return YAML().load(file.read_text(encoding="utf-8")) or {}
    except YAMLError as error:
        raise ConvoyError(f"dvc.lock: one side is not valid YAML, not merged: {error}") from None
