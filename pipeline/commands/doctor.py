"""The command `python -m pipeline doctor`, which finds problems around a run and their remedies.

Each check is a function that yields the problems it finds. The checks of the repository are here,
the checks of the machine in `machine.py`.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.commands import machine
from pipeline.commands.call import dvc
from pipeline.commands.problem import Problem
from pipeline.config import params
from pipeline.report import freshness, snapshots, wording
from pipeline.report.results import Results
from pipeline.running.terminal import console, say

DVC_PROCESS_LOCKS = Path(".dvc/tmp/rwlock")


def examine() -> None:
    """Run every check and print the problems found.

    Raises:
        ConvoyError: there is at least one problem.
    """
    count = 0
    for title, check in CHECKS.items():
        problems = list(check())
        count += len(problems)
        console.print(f"[green]ok[/]      {title}" if not problems else f"[red]problem[/] {title}")
        for problem in problems:
            say(f"          {problem.what}\n          → {problem.remedy}")
        if problems and check is _conflicts:
            say("          The other checks need these files whole: run doctor again after that.")
            break
    if count:
        raise ConvoyError(f"{count} problem{'s' if count > 1 else ''} found; see above.")


def _parameters() -> Iterator[Problem]:
    try:
        params.load()
    except ConvoyError as error:
        yield Problem(str(error), f"edit {paths.PARAMS}, or git checkout -- {paths.PARAMS}")


def _conflicts() -> Iterator[Problem]:
    """Find files that git could not merge, or that were committed with conflict marks."""
    mine, made = [paths.PARAMS, paths.PIPELINE], [Path("dvc.lock"), paths.RESULTS]
    those = " ".join(map(str, made))
    for parts, remedy in (
        (mine, "edit it: keep one side of each conflict, and none of the marks"),
        # Without the removal, files that only this side has would stay. See docs/pull-requests.md.
        (made, f"git rm -rqf {those} && git checkout main -- {those} && dvc repro  (then commit)"),
    ):
        names = list(map(str, parts))
        unmerged = _git("diff", "--name-only", "--diff-filter=U", "--", *names).splitlines()
        marked = _git("grep", "-l", "^<<<<<<< ", "--", *names).splitlines()
        if found := sorted({*unmerged, *marked}):
            yield Problem(f"{', '.join(found)}: in conflict, as a merge left it", remedy)


def _git_head() -> Iterator[Problem]:
    if _git("symbolic-ref", "-q", "HEAD"):
        return
    killed = _git("for-each-ref", "refs/exps/exec/EXEC_BASELINE")
    remedy = "git switch main  (or your branch)"
    if killed:
        # Plain `git checkout -- params.yaml` would restore the index, which has the value as well.
        remedy += f" && git checkout HEAD -- {paths.PARAMS} dvc.lock {paths.RESULTS}"
        yield Problem("HEAD is detached: `dvc exp run` was killed before it could go back", remedy)
    else:
        yield Problem("HEAD is detached: new commits would belong to no branch", remedy)


def _locks() -> Iterator[Problem]:
    """Find a truncated file of locks, and locks whose process number another program now has.

    DVC itself drops the locks of processes that have ended.
    """
    if not DVC_PROCESS_LOCKS.exists():
        return
    try:
        content = json.loads(DVC_PROCESS_LOCKS.read_text())
    except json.JSONDecodeError:
        yield Problem(
            f"{DVC_PROCESS_LOCKS} is cut off: DVC was killed while it wrote it",
            f"rm {DVC_PROCESS_LOCKS}",
        )
        return
    holders: dict[int, list[str]] = {}
    for mode in ("write", "read"):
        for path, entries in content.get(mode, {}).items():
            for entry in entries if isinstance(entries, list) else [entries]:
                holders.setdefault(entry["pid"], []).append(path)
    for pid, locked in holders.items():
        running = _command_of(pid)
        if running is not None and "dvc" not in running:
            yield Problem(
                f"{len(locked)} paths, such as {locked[0]}, are locked by process {pid}, which "
                f"is not DVC any more but {running}",
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
        yield Problem(done.stderr.strip().splitlines()[-1], "dvc status")
    else:
        stale = freshness.stale(Results(snapshots.workspace())) or _other_data(done.stdout)
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
        lock = YAML(typ="safe").load(Path("dvc.lock").read_text()) or {}
    except (FileNotFoundError, YAMLError):
        return  # `_results` reports it
    cache = Path(dvc("cache", "dir", quiet=True).stdout.strip(), "files/md5")
    for stage, entry in lock.get("stages", {}).items():
        for out in entry.get("outs", []):
            digest, path = out["md5"], Path(out["path"])
            cached = cache / digest[:2] / digest[2:]
            if path.exists() or cached.exists():
                continue
            # Outputs that are kept in git are never in DVC's cache or its remote.
            if _git("ls-files", str(path)):
                what = f"{path} ({stage}) is missing: its stage began and did not end"
                yield Problem(what, f"dvc repro, or git checkout HEAD -- {paths.RESULTS}")
            else:
                what = f"{path} ({stage}) is neither here nor cached"
                yield Problem(what, "dvc pull, or make run")


CHECKS: dict[str, Callable[[], Iterator[Problem]]] = {
    "Python is 3.11 to 3.13, from .venv": machine.python,
    "Installed packages are the pinned ones": machine.packages,
    "A GPU, if there is one, can be used": machine.gpu,
    "The mirror, if one is set, can be reached": machine.mirror,
    "There is room on the disk": machine.disk,
    "Parameters, dvc.lock and results are merged": _conflicts,
    "params.yaml is valid": _parameters,
    "Git is on a branch, with no experiment half done": _git_head,
    "No process that is not DVC holds a lock of DVC": _locks,
    "The committed lock file belongs to this code and these parameters": _results,
    "Data and models are here or in DVC's cache": _cache,
}


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout.strip()


def _command_of(pid: int) -> str | None:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return None
