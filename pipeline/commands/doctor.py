"""The command `python -m pipeline doctor`, which finds problems around a run and their remedies.

Each check is a function that yields the problems it finds. The checks of the repository are here,
the checks of the machine in `machine.py`.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from typing_extensions import TypedDict

from pipeline.base import git, paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import FileError, read_json
from pipeline.commands import machine, merging, runs, writable
from pipeline.commands.call import dvc
from pipeline.commands.problem import Problem
from pipeline.config import environment, params
from pipeline.data import location
from pipeline.data.source import DataError
from pipeline.report import freshness, snapshots, wording
from pipeline.report.results import Results
from pipeline.running.terminal import console, of_a_file, say

DVC_PROCESS_LOCKS = Path(".dvc/tmp/rwlock")
# What `git status --porcelain` writes before a file that is not merged.
UNMERGED = ("DD", "AU", "UD", "UA", "DU", "AA", "UU")
# What git leaves beside its objects while something is half done.
HALF_DONE = {
    "rebase": "rebase-merge",
    "cherry-pick": "CHERRY_PICK_HEAD",
    "revert": "REVERT_HEAD",
    "merge": "MERGE_HEAD",
}


class Lock(TypedDict):
    """A process of DVC that holds a lock; there is more in the file."""

    pid: int


# By kind of lock and by path.
Locks = dict[str, dict[str, Lock | list[Lock]]]


def examine() -> None:
    """Run every check and print the problems found.

    Raises:
        ConvoyError: there is at least one problem.
    """
    count = 0
    at_work = runs.here()
    for title, check in CHECKS.items():
        if at_work and check in UNDER_A_RUN:
            console.print(f"[yellow]later[/]   {title}")
            continue
        problems = _found(check)
        count += len(problems)
        console.print(f"[green]ok[/]      {title}" if not problems else f"[red]problem[/] {title}")
        for problem in problems:
            remedy = f"\n          → {problem.remedy}" if problem.remedy else ""
            say(f"          {problem.what}{remedy}")
        if problems and check is _conflicts:
            say("          The other checks need these files whole: run doctor again after that.")
            break
    for run in at_work:
        say(f"{run} is running here: what it changes is not checked. Run doctor again after it.")
    if count:
        raise ConvoyError(f"{count} problem{'s' if count > 1 else ''} found; see above.")


def _found(check: Callable[[], Iterator[Problem]]) -> list[Problem]:
    """Return what a check finds; a file that it cannot read is a problem, too."""
    try:
        return list(check())
    except ConvoyError as error:
        return [Problem(str(error))]
    except OSError as error:
        return [Problem(of_a_file(error))]


def _environment() -> Iterator[Problem]:
    try:
        environment.check()
    except ConvoyError as error:
        yield Problem(str(error), "correct or unset it; docs/environment.md lists them")


def _parameters() -> Iterator[Problem]:
    try:
        # DVC looks for the folder whatever the data set is.
        location.find(params.load().dataset.path)
    except (params.ParamsError, DataError) as error:
        yield Problem(str(error), f"edit {paths.PARAMS}")


def _writable() -> Iterator[Problem]:
    for folder in writable.refusing()[:1]:
        yield Problem(f"{folder}/ may not be read and written", f"chmod -R u+rwX {folder}")


def _conflicts() -> Iterator[Problem]:
    """Find files that git could not merge, or that were committed with conflict marks."""
    mine = [str(paths.PARAMS), str(paths.PIPELINE)]
    if found := sorted({*_unmerged(mine), *_marked(mine)}):
        remedy = "edit it: keep one side of each conflict, and none of the marks; then git add it"
        yield Problem(f"{', '.join(found)}: in conflict, as a merge left it", remedy)
    made = ["dvc.lock", str(paths.RESULTS)]
    unmerged = _unmerged(made)
    if found := sorted({*unmerged, *_marked(made)}):
        yield Problem(
            f"{wording.shortened(found)}: in conflict, as a merge left it", _way_out(unmerged)
        )


def _way_out(unmerged: Mapping[str, str]) -> str:
    """Return how to go on where dvc.lock or results/ are in conflict.

    Args:
        unmerged: The files that are not merged, with git's letters for both sides: "UU", "AA" where
            both have changed or added it, and others where one of them has deleted it.
    """
    both = [name for name, sides in unmerged.items() if sides in ("UU", "AA")]
    add = "git add -A dvc.lock results && dvc repro  (then commit)"
    if unmerged and not both:
        return add
    if both and not merging.is_set_up():
        # Git merges them once more, now that it knows how. It refuses where a side has no version.
        files = "dvc.lock results" if len(both) == len(unmerged) else " ".join(both)
        return f"{merging.SET_UP} && git checkout -m -- {files} && {add}"
    # Marks were committed. Without the removal, files that only this side has would stay.
    return (
        "git rm -rqf dvc.lock results && git checkout main -- dvc.lock results && dvc repro  "
        "(then commit; in the place of main, any commit without marks)"
    )


def _unmerged(names: Sequence[str]) -> dict[str, str]:
    """Return the files that git has not merged, with the letters of both sides."""
    entries = git.answer("status", "--porcelain", "-z", "--untracked-files=no", "--", *names).split(
        "\0"
    )
    above = git.answer("rev-parse", "--show-prefix")  # of the project in a larger repository
    return {entry[3:].removeprefix(above): entry[:2] for entry in entries if entry[:2] in UNMERGED}


def _marked(names: Sequence[str]) -> list[str]:
    return git.answer("grep", "-l", "^<<<<<<< ", "--", *names).splitlines()


def _merging() -> Iterator[Problem]:
    if git.answer("rev-parse", "--git-dir") and not merging.is_set_up():
        yield Problem("git would leave conflicts in dvc.lock and results/", merging.SET_UP)


def _git_head() -> Iterator[Problem]:
    """Find a damaged repository, and what was left half done: a merge, a killed experiment.

    Raises:
        GitError: git is not installed.
    """
    if git.run("rev-parse", "--git-dir").returncode:
        yield Problem(
            "this folder is in no git repository, which DVC and most commands need",
            "git clone the project instead of copying its files",
        )
        return
    status = git.run("status", "--porcelain")
    if status.returncode:
        yield Problem(
            f"git status fails: {git.reason(status)}",
            "mend the repository as git says, or clone it again and keep .state and .dvc/cache",
        )
        return
    for name, marker in HALF_DONE.items():
        if Path(git.answer("rev-parse", "--git-path", marker)).exists():
            finish = "git commit" if name == "merge" else f"git {name} --continue"
            yield Problem(
                f"a {name} is half done",
                f"dvc repro && git add -A dvc.lock {paths.RESULTS} && {finish}",
            )
            return
    if git.answer("symbolic-ref", "-q", "HEAD"):
        return
    if git.answer("for-each-ref", "refs/exps/exec/EXEC_BASELINE"):
        yield Problem(
            "HEAD is detached: `dvc exp run` was killed before it could go back",
            # The stash keeps what was edited besides; `git checkout` would lose it.
            f"git stash push -- {paths.PARAMS} dvc.lock {paths.RESULTS} && git switch main  "
            "(or your branch)",
        )
    elif not (os.environ.get("CI") or git.answer("rev-parse", "--show-superproject-working-tree")):
        # A submodule and a checkout in CI are on no branch unless somebody puts them on one.
        yield Problem(
            "HEAD is detached: new commits would belong to no branch",
            "git switch main  (or your branch; git switch -c NAME keeps what is committed here)",
        )


def _experiments() -> Iterator[Problem]:
    """Find what `dvc exp run` needs beyond `dvc repro`.

    Raises:
        GitError: git is not installed.
    """
    if not all(git.run("config", key).stdout.strip() for key in ("user.name", "user.email")):
        yield Problem(
            "git does not know who commits, so `dvc exp run` would fail",
            "git config --global user.name NAME && git config --global user.email ADDRESS",
        )
    if not str(Path.cwd()).isascii():
        yield Problem(
            f"{Path.cwd()}: `dvc exp run --temp` and `--queue` fail where a path has letters "
            "beyond ASCII (a fault of DVC's; other runs work)",
            "move the clone to a path of plain letters",
        )


def _locks() -> Iterator[Problem]:
    """Find a truncated file of locks, and locks whose process number another program now has.

    DVC itself drops the locks of processes that have ended.
    """
    if not DVC_PROCESS_LOCKS.exists():
        return
    try:
        content = read_json(DVC_PROCESS_LOCKS, Locks)
    except FileError:
        yield Problem(
            f"{DVC_PROCESS_LOCKS} is cut off or damaged, as when DVC is killed while it writes it",
            f"rm -r {DVC_PROCESS_LOCKS}",
        )
        return
    holders: dict[int, list[str]] = {}
    for mode in content.values():
        for path, entries in mode.items():
            for entry in entries if isinstance(entries, list) else [entries]:
                holders.setdefault(entry["pid"], []).append(path)
    for pid, locked in holders.items():
        command = runs.command(pid)
        if command is not None and "dvc" not in command:
            yield Problem(
                f"{len(locked)} paths, such as {locked[0]}, are locked by process {pid}, which "
                f"is not DVC any more but {command}",
                f"rm {DVC_PROCESS_LOCKS}",
            )


def _results() -> Iterator[Problem]:
    if not Path("dvc.lock").exists():
        yield Problem("there are no results yet", "make run")
        return
    done = dvc("status", "--json", quiet=True)
    if re.search(r"dvc\.lock' (is invalid|validation failed)", done.stderr):
        yield Problem(
            "dvc.lock is cut off: DVC was killed while it wrote it",
            "git checkout -- dvc.lock && dvc repro  (DVC remembers what has run since)",
        )
    elif done.returncode:
        # The last line is an advertisement.
        lines = done.stderr.strip().splitlines() or ["DVC says nothing"]
        problem = next((line for line in lines if line.startswith("ERROR: ")), lines[-1])
        yield Problem(f"dvc status fails: {problem.removeprefix('ERROR: ')}", "dvc status")
    else:
        stale = freshness.faults(Results(snapshots.workspace())) or _other_data(done.stdout)
        if stale:
            remedy = "dvc repro, then commit dvc.lock and results/"
            yield Problem(wording.shortened(stale), remedy)


def _other_data(status: str) -> list[str]:
    """List data and models that differ from dvc.lock, which git alone cannot detect.

    Missing files are left to `_cache`, because they may be restored without a run.
    """
    return [
        f"{stage}: {path} changed"
        for stage, entries in json.loads(status).items()
        for entry in entries
        if isinstance(entry, dict)  # otherwise it is a text such as "changed command"
        for part in entry.values()
        for path, state in part.items()
        if state == "modified"
    ]


def _cache() -> Iterator[Problem]:
    try:
        lock = Results(snapshots.workspace()).lock
    except ConvoyError:
        return  # `_results` reports it
    cache = Path(dvc("cache", "dir", quiet=True).stdout.strip(), "files/md5")
    missing = []
    for stage, entry in lock.items():
        for out in entry.get("outs", []):
            digest, path = out["md5"], Path(out["path"])
            cached = cache / digest[:2] / digest[2:]
            if path.exists() or cached.exists():
                continue
            # Outputs that are kept in git are never in DVC's cache or its remote.
            if git.answer("ls-files", str(path)):
                what = f"{path} ({stage}) is missing: its stage began and did not end"
                yield Problem(what, f"dvc repro, or git checkout HEAD -- {path}")
            else:
                missing.append(f"{path} ({stage})")
    if missing:
        what = f"neither here nor cached: {wording.shortened(missing)}"
        yield Problem(what, "dvc repro, or dvc pull if a remote has them")


CHECKS: dict[str, Callable[[], Iterator[Problem]]] = {
    "Python is 3.11 to 3.13, from .venv": machine.python,
    "Installed packages are the pinned ones": machine.packages,
    "A GPU, if there is one, can be used": machine.gpu,
    "The mirror, if one is set, can be reached": machine.mirror,
    "There is room on the disk": machine.disk,
    "Results, models and state can be written": _writable,
    "Variables of the environment have allowed values": _environment,
    "Parameters, dvc.lock and results are merged": _conflicts,
    "params.yaml is valid": _parameters,
    "Git is on a branch, with nothing half done": _git_head,
    "Git can merge dvc.lock and results": _merging,
    "DVC can run experiments here": _experiments,
    "No process that is not DVC holds a lock of DVC": _locks,
    "The committed lock file belongs to this code and these parameters": _results,
    "Data and models are here or in DVC's cache": _cache,
}
# What a run changes while it runs.
UNDER_A_RUN = (_git_head, _locks, _results, _cache)
