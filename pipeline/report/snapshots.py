"""The files of one revision, read from git or from the workspace."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.base.errors import ConvoyError

FILES = ("dvc.lock", "dvc.yaml", "params.yaml")
FOLDERS = ("pipeline", "results")
DATA = "data"  # git has only the .dvc files that `dvc add` wrote here
WORKSPACE = "workspace"


class RevisionError(ConvoyError):
    """A revision that cannot be read."""


@dataclass(frozen=True)
class Snapshot:
    """The files of one revision in git.

    Attributes:
        name: The revision as the user wrote it.
        commit: The commit's hash; empty for the workspace.
        files: Content by path: results, code, params.yaml, DVC's files.
    """

    name: str
    commit: str
    files: Mapping[str, bytes]

    @property
    def label(self) -> str:
        """A short name for headings."""
        return self.commit[:7] or self.name


def workspace(root: Path = Path()) -> Snapshot:
    """Read the files as they are now, committed or not, without Python's caches."""
    files = {name: root / name for name in FILES}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                files[path.relative_to(root).as_posix()] = path
    files |= {path.relative_to(root).as_posix(): path for path in (root / DATA).glob("*.dvc")}
    present = {name: path.read_bytes() for name, path in files.items() if path.is_file()}
    return Snapshot(WORKSPACE, "", present)


def revision(name: str) -> Snapshot:
    """Read a revision from git's objects, without a checkout.

    Raises:
        RevisionError: git does not know the revision, or this is no git repository.
    """
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit.returncode:
        if reason := commit.stderr.decode(errors="replace").strip():
            raise RevisionError(f"{name}: {reason}")
        raise RevisionError(
            f"{name}: no such revision here. In a shallow clone fetch it first: "
            f"git fetch --depth=1 origin {name}"
        )
    sha = commit.stdout.decode().strip()
    # The project may lie in a folder of a larger repository. A revision without it there, or a
    # repository without a working tree, is read from its root.
    here = [] if _git("cat-file", "-e", f"{sha}:./dvc.yaml").returncode == 0 else ["--full-tree"]
    listing = _git("ls-tree", "-r", "-z", *here, sha, "--", *FILES, *FOLDERS, DATA)
    entries = [entry.split("\t", 1) for entry in os.fsdecode(listing.stdout).split("\0") if entry]
    blobs = {
        path: fields.split()[2]
        for fields, path in entries
        if fields.split()[1] == "blob"
        and (not path.startswith(f"{DATA}/") or path.endswith(".dvc"))
    }
    return Snapshot(name, sha, dict(zip(blobs, _contents(list(blobs.values())), strict=True)))


def _contents(hashes: list[str]) -> list[bytes]:
    """Read many blobs with one process."""
    answer = _git("cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in hashes).encode())
    contents, rest = [], memoryview(answer.stdout)
    for sha in hashes:
        header, _, _ = bytes(rest[:100]).partition(b"\n")
        fields = header.split()
        if len(fields) != 3:
            raise RevisionError(f"git cannot read the object {sha}: {header.decode()}")
        start, size = len(header) + 1, int(fields[2])
        contents.append(bytes(rest[start : start + size]))
        rest = rest[start + size + 1 :]
    return contents


def _git(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], input=stdin, capture_output=True, check=False)
    except FileNotFoundError:
        raise RevisionError("git: no such command; install git, or compare nothing") from None
