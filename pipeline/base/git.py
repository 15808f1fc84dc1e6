"""The call of git, which may not be installed."""

import os
import subprocess
from pathlib import Path

from pipeline.base.errors import ConvoyError


class GitError(ConvoyError):
    """Git is not installed, or it refuses what it was asked for."""


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run git, whatever status it ends with.

    Args:
        arguments: What follows `git`.
        folder: Where to run it; None: here.

    Raises:
        GitError: there is no git.
    """
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        if error.filename != "git":
            raise  # the folder is what is missing
        raise GitError("git: no such command; install git.") from None


def required(*arguments: str, folder: Path | None = None) -> str:
    """Return what git prints, without the line end.

    Raises:
        GitError: there is no git, or it fails; the message has its own words.
    """
    done = run(*arguments, folder=folder)
    if done.returncode:
        raise GitError(f"`git {' '.join(arguments)}`: {reason(done)}")
    return _text(done)


def answer(*arguments: str) -> str:
    """Return what git prints, without the line end; empty where it fails or is not installed."""
    try:
        done = run(*arguments)
    except GitError:
        return ""
    return "" if done.returncode else _text(done)


def reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git says of its failure."""
    return done.stderr.decode(errors="replace").strip()


def _text(done: subprocess.CompletedProcess[bytes]) -> str:
    return os.fsdecode(done.stdout).strip("\n")
