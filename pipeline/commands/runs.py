"""The runs of the pipeline that are at work in this folder."""

import shlex
from pathlib import Path

import psutil

STAGES = "pipeline.stages"
# These run in a copy, or only later.
ELSEWHERE = {"--temp", "--queue"}


def here() -> list[str]:
    """Describe each process of DVC that runs stages in this folder, or a stage that it has left.

    Processes of other users are passed over.
    """
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
        words = process.info["cmdline"] or []
        if _is_run(words) and _is_here(process.info["cwd"]):
            found.append((process.info["pid"], words))
    # DVC runs a stage in a shell; only what is above them is of interest.
    return [f"`{_shown(words)}` (process {pid})" for pid, words in found if not _inside(pid, found)]


def command(pid: int) -> str | None:
    """Return the command line of a process; None if there is no such process, or it has ended."""
    try:
        return " ".join(psutil.Process(pid).cmdline()) or None
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return "another user's program"


def _is_here(folder: str | None) -> bool:
    """Check whether a folder is in this workspace; DVC's temporary copies in .dvc are others."""
    return (
        folder is not None
        and Path(folder).is_relative_to(Path.cwd())
        and not Path(folder).is_relative_to(Path.cwd() / ".dvc")
    )


def _is_run(words: list[str]) -> bool:
    names = {Path(word).name for word in words}
    if STAGES in " ".join(words).split():
        return True
    experiment = {"exp", "run"} <= names and not names & ELSEWHERE
    return "dvc" in names and ("repro" in names or experiment)


def _inside(pid: int, found: list[tuple[int, list[str]]]) -> bool:
    try:
        above = {process.pid for process in psutil.Process(pid).parents()}
    except psutil.NoSuchProcess:
        return True
    return any(other in above for other, _ in found)


def _shown(words: list[str]) -> str:
    """Write a command line as the user has typed it, without the Python that runs it."""
    names = [Path(word).name for word in words]
    start = names.index("dvc") if "dvc" in names else 0
    return shlex.join([names[start], *words[start + 1 :]])
