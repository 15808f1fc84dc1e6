"""The files of a branch's commits, read from git within limits of number, size and time."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from pipeline.base import paths
from pipeline.report import snapshots
from pipeline.report.results import Results, ResultsError
from pipeline.report.snapshots import RevisionError, Snapshot

METRICS, PREDICTIONS, DATA = (
    path.as_posix() for path in (paths.METRICS, paths.PREDICTIONS, paths.DATA_REPORT)
)
MOST_COMMITS, MOST_MIB, MOST_SECONDS = 1000, 2, 10.0
# The blobs of a commit, with their sizes in bytes, by path.
Blobs = dict[str, tuple[str, int]]


class Past:
    """Reads commits in a limited time; `gaps` says what it could not read, one line each."""

    def __init__(self) -> None:
        self.gaps: list[str] = []
        self._end = time.monotonic() + MOST_SECONDS
        self._prefix = ""  # the project's folder in the repository

    def look_for_the_project(self, commit: str) -> None:
        """Find the project's folder in the repository, as `snapshots.revision` does."""
        if snapshots.inside(commit, "").endswith("./"):
            self._prefix = os.fsdecode(self._git("rev-parse", "--show-prefix")).rstrip("\n")

    def commits(self, *which: str) -> list[tuple[str, str]]:
        """List the commits that changed results, with their dates, the newest first."""
        listing = self._git(
            *("rev-list", "--timestamp", f"--max-count={MOST_COMMITS + 1}", *which, "--"),
            *(f":(top,literal){self._prefix}{path}" for path in (METRICS, PREDICTIONS, DATA)),
        )
        found = [line.split() for line in listing.decode("ascii").splitlines()]
        if len(found) > MOST_COMMITS:
            self._note(f"only the last {MOST_COMMITS:,} commits with results were read")
        return [(commit, _date(seconds)) for seconds, commit in found[:MOST_COMMITS]]

    def blobs(self, commits: list[str]) -> dict[str, Blobs]:
        """Find the three files of each commit, by its hash."""
        asked = [
            (commit, path)
            for commit in dict.fromkeys(commits)
            for path in (METRICS, PREDICTIONS, DATA)
        ]
        names = "".join(f"{commit}:{self._prefix}{path}\n" for commit, path in asked)
        answer = self._git("cat-file", "--batch-check", stdin=os.fsencode(names))
        lines = os.fsdecode(answer).splitlines()
        if len(lines) != len(asked):
            raise RevisionError("git cat-file --batch-check: other answers than questions")
        found: dict[str, Blobs] = {commit: {} for commit in commits}
        for (commit, path), line in zip(asked, lines, strict=True):
            match line.split():
                case [blob, "blob", size]:
                    found[commit][path] = blob, int(size)
        return found

    def content(self, blob: str, size: int, where: str, most_mib: int = MOST_MIB) -> bytes | None:
        """Read one small file; None, and a note, if it is too large or the time is over."""
        if time.monotonic() > self._end:
            self._note(f"not all of the history was read: it took more than {MOST_SECONDS:.0f} s")
            return None
        if size > most_mib * 2**20:
            self._note(f"{where} has more than {most_mib} MiB and was not read")
            return None
        (content,) = snapshots.contents([blob], self._seconds())
        return content

    def results(self, label: str, path: str, blobs: Blobs) -> Results | None:
        """Read and check metrics or data of a commit; None, and a note, if that is not possible."""
        where = f"{path} at {label[:7]}"
        content = self.content(*blobs[path], where)
        if content is None:
            return None
        found = Results(Snapshot(label, label, {path: content}))
        try:
            _ = found.metrics if path == METRICS else found.data
        except ResultsError:
            self._note(f"{where} is damaged and was left out")
            return None
        return found

    def name(self, content: bytes) -> str:
        """Return the name that git gives to a file's content."""
        return self._git("hash-object", "--stdin", stdin=content).decode("ascii").strip()

    def look_for_an_end(self, commit: str, own: str) -> None:
        """Note where the clone is shallow, and lacks what came before a commit or after it."""
        if self._git("rev-parse", "--is-shallow-repository").strip() != b"true":
            return
        boundary = set(self._boundary())
        if boundary & set(self._listed("--first-parent", "--max-parents=0", commit)):
            self._note(
                "the clone is shallow and lacks earlier results: git fetch --unshallow gets them"
            )
        if boundary & set(self._listed(f"--max-count={MOST_COMMITS}", own, "--not", commit)):
            self._note("the clone is shallow and lacks commits between base and head")

    def _listed(self, *which: str) -> list[str]:
        return self._git("rev-list", *which).decode("ascii").split()

    def _boundary(self) -> list[str]:
        path = self._git("rev-parse", "--git-path", "shallow").decode().rstrip("\n")
        return Path(path).read_text(encoding="ascii").split()

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = snapshots.git(*arguments, stdin=stdin, seconds=self._seconds())
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().splitlines()
            raise RevisionError(f"git {arguments[0]}: {reason[0] if reason else 'failed'}")
        return done.stdout

    def _seconds(self) -> float:
        """Return the time that git may take, which is a second at least."""
        return max(1.0, self._end - time.monotonic())

    def _note(self, gap: str) -> None:
        if gap not in self.gaps:
            self.gaps.append(gap)


def _date(seconds: str) -> str:
    """Write the day of a commit's time, in seconds since 1970; empty if there is no such day."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
