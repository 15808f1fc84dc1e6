"""A bare "origin" with a pull request, clones of it as CI makes them, and the scripts run there."""

import os
import shutil
import subprocess
import sys

from support.project import ROOT
from support.repositories import commit, git, new_repository, write_results, wrong_models

GOOD = wrong_models(range(2), range(3), range(1, 3))
BAD = wrong_models(range(20, 50), range(20, 52), range(20, 49))
FILES_URL = "https://example.org/us/it/blob/{commit}/{path}?raw=true"


def pull_request(folder, change, moves=None, *, merge=True):
    """Make a bare repository with main, the head of pull request 7, and what would be merged.

    Args:
        folder: Where to make it.
        change: What the pull request does to the working tree it is given.
        moves: What others do to main after the pull request has left it.
        merge: Whether the pull request can be merged.
    """
    work = new_repository(folder / "work")
    for name in (".github", "pipeline"):
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
    (work / ".gitignore").write_text("/.report/\n/report/\n__pycache__/\n")
    write_results(work, GOOD)
    found = {"base": commit(work, "base")}
    git(work, "checkout", "-qb", "change")
    change(work)
    found["head"] = commit(work, "what they want")
    git(work, "checkout", "-q", "main")
    if moves:
        moves(work)
        commit(work, "what others did")
    found["main"] = git(work, "rev-parse", "HEAD")
    found["bare"] = folder / "origin.git"
    git(folder, "clone", "-q", "--bare", str(work), str(found["bare"]))
    if merge:
        git(work, "merge", "-q", "--no-ff", "-m", "merge", "change")
        found["merge"] = git(work, "rev-parse", "HEAD")
    for name in {"head", "merge"} & found.keys():
        git(work, "push", "-q", str(found["bare"]), f"{found[name]}:refs/pull/7/{name}")
    git(found["bare"], "config", "uploadpack.allowAnySHA1InWant", "true")
    return found


def push_again(folder, origin):
    """Let the pull request have a newer head, whose merge has not been made yet."""
    work = folder / "work"
    git(work, "checkout", "-q", "change")
    (work / "README.md").write_text("newer")
    origin["head"] = commit(work, "a newer head")
    git(work, "push", "-q", "-f", str(origin["bare"]), f"{origin['head']}:refs/pull/7/head")


def shallow(folder, origin, ref, depth=1):
    """Clone as the checkout action does: the last commits, or all and the tags at depth 0."""
    clone = folder / "clone"
    git(folder, "init", "-q", str(clone))
    git(clone, "remote", "add", "origin", f"file://{origin['bare']}")
    how = [f"--depth={depth}"] if depth else ["--tags"]
    git(clone, "fetch", "-q", *how, "origin", ref)
    git(clone, "checkout", "-q", "FETCH_HEAD")
    (clone / ".report/bin").mkdir(parents=True)
    (clone / ".report/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (clone / ".report/bin/python").chmod(0o755)
    return clone


def script(name, clone, **environment):
    """Run one of the workflows' steps."""
    done = subprocess.run(
        [f".github/scripts/{name}"],
        cwd=clone,
        env={**os.environ, "FILES_URL": FILES_URL, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    print(done.stdout)
    return done


def worse(work):
    """Bring a worse model."""
    write_results(work, BAD)


def worse_and_hostile(work):
    """Bring a worse model, and code that must not be trusted."""
    write_results(work, BAD)
    (work / "pipeline/report/command.py").write_text("raise SystemExit('their code ran')\n")


def text_alone(work):
    """Touch nothing that results depend on."""
    (work / "notes.md").write_text("a pull request about words")
