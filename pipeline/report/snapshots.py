"""The files of one revision, read from git or from the workspace."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.base.errors import ConvoyError

FILES = ("dvc.lock", "dvc.yaml", "params.yaml")
FOLDERS = ("pipeline", "results")
DATA = "data"  # git has only the .dvc files that `dvc add` wrote here
WORKSPACE = "workspace"
# A revision may be anybody's, so what is read of it is limited. Results of 600,000 test images and
# their pictures stay below.
MOST_FILES, MOST_MIB, MOST_MIB_IN_ALL = 20_000, 64, 256


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
        for parent, _, names in os.walk(root / folder, onerror=_refuse):
            for path in (Path(parent, name) for name in names):
                if "__pycache__" not in path.parts:
                    files[path.relative_to(root).as_posix()] = path
    files |= {path.relative_to(root).as_posix(): path for path in (root / DATA).glob("*.dvc")}
    present = {name: path.read_bytes() for name, path in files.items() if path.is_file()}
    return Snapshot(WORKSPACE, "", present)


def _refuse(error: OSError) -> None:
    """Stop where a folder cannot be listed; one that is not there has no files."""
    if not isinstance(error, FileNotFoundError):
        raise error


def revision(name: str) -> Snapshot:
    """Read a revision from git's objects, without a checkout.

    Raises:
        RevisionError: git does not know the revision, this is no git repository, or a path of the
            revision leads out of it.
    """
    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit.returncode:
        if reason := commit.stderr.decode(errors="replace").strip():
            raise RevisionError(f"{name}: {reason}")
        # Of a plain name alone: nobody should copy an option, or something for the shell.
        plain = re.fullmatch(r"\w[\w./-]*", name)
        # A hash needs no name of its own, and could not be one.
        what = name if re.fullmatch("[0-9a-f]{40}", name) else f"{name}:{name}"
        fetch = f" In a shallow clone fetch it first: git fetch --depth=1 origin {what}"
        raise RevisionError(f"{name}: no such revision here.{fetch if plain else ''}")
    sha = commit.stdout.decode().strip()
    here = ["--full-tree"] if inside(sha, "").endswith(":") else []
    listing = git("ls-tree", "-r", "-z", "--long", *here, sha, "--", *FILES, *FOLDERS, DATA)
    entries = [entry.split("\t", 1) for entry in os.fsdecode(listing.stdout).split("\0") if entry]
    blobs, sizes = {}, {}
    for fields, path in entries:
        _, kind, blob, size = fields.split()
        if ".." in path.split("/"):
            raise RevisionError(f"{name}: it has a file outside its folder: {path!r}")
        if kind == "blob" and (not path.startswith(f"{DATA}/") or path.endswith(".dvc")):
            blobs[path], sizes[path] = blob, int(size) / 2**20
    _check_sizes(name, sizes)
    return Snapshot(name, sha, dict(zip(blobs, contents(list(blobs.values())), strict=True)))


def inside(revision: str, path: str) -> str:
    """Return what git calls a file of the project at a revision: REVISION:./path, or from the root.

    The project may lie in a folder of a larger repository. A revision without it there, or a
    repository without a working tree, is read from its root.
    """
    here = git("cat-file", "-e", f"{revision}:./dvc.yaml").returncode == 0
    return f"{revision}:./{path}" if here else f"{revision}:{path}"


def _check_sizes(revision: str, mib: Mapping[str, float]) -> None:
    """Check that a revision is not too large to be read, before anything of it is.

    Raises:
        RevisionError: it has too many files, or too large ones.
    """
    if len(mib) > MOST_FILES:
        raise RevisionError(f"{revision}: {len(mib):,} files; a report reads up to {MOST_FILES:,}")
    for path, size in mib.items():
        if size > MOST_MIB:
            raise RevisionError(
                f"{path} at {revision}: {size:,.0f} MiB; a report reads files up to {MOST_MIB} MiB"
            )
    if (total := sum(mib.values())) > MOST_MIB_IN_ALL:
        raise RevisionError(
            f"{revision}: {total:,.0f} MiB in all; a report reads up to {MOST_MIB_IN_ALL} MiB"
        )


def contents(hashes: list[str], seconds: float | None = None) -> list[bytes]:
    """Read many blobs with one process, which may take so many seconds (None: any number).

    Raises:
        RevisionError: git cannot read one of them, or not in time.
    """
    listed = "".join(f"{sha}\n" for sha in hashes).encode()
    answer = git("cat-file", "--batch", stdin=listed, seconds=seconds)
    found, rest = [], memoryview(answer.stdout)
    for sha in hashes:
        header, _, _ = bytes(rest[:100]).partition(b"\n")
        fields = header.split()
        if len(fields) != 3:
            raise RevisionError(f"git cannot read the object {sha}: {header.decode()}")
        start, size = len(header) + 1, int(fields[2])
        found.append(bytes(rest[start : start + size]))
        rest = rest[start + size + 1 :]
    return found


def git(
    *arguments: str, stdin: bytes = b"", seconds: float | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git, whatever status it ends with.

    Args:
        arguments: What follows `git`.
        stdin: What it reads.
        seconds: How long it may take; None: any time.

    Raises:
        RevisionError: there is no git, or it took longer.
    """
    command = ["git", *arguments]
    try:
        return subprocess.run(
            command, input=stdin, capture_output=True, check=False, timeout=seconds
        )
    except FileNotFoundError:
        raise RevisionError("git: no such command; install git, or compare nothing") from None
    except subprocess.TimeoutExpired:
        raise RevisionError(f"git {arguments[0]} took more than {seconds:.0f} seconds") from None
