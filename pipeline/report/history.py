"""The results that a branch has had before, read from git: their accuracy, and how many there are.

Every result that is judged on the same test images is another chance to be lucky with them
(docs/statistics.md, "Many results on the same test images"). A history may be anybody's, so what is
read of it is limited in number, size and time.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.base import paths
from pipeline.report import snapshots
from pipeline.report.results import Results, ResultsError
from pipeline.report.snapshots import RevisionError, Snapshot
from pipeline.statistics.proportions import wilson_interval

METRICS, PREDICTIONS, DATA = (
    path.as_posix() for path in (paths.METRICS, paths.PREDICTIONS, paths.DATA_REPORT)
)
MOST_POINTS, MOST_COMMITS, MOST_MIB, MOST_SECONDS = 30, 1000, 2, 10.0


@dataclass(frozen=True)
class Point:
    """The accuracy of the tuned configuration at one commit.

    Attributes:
        commit: Label of the commit.
        date: When it was committed, as year-month-day; empty for the workspace.
        accuracy: Test accuracy, mean of the seeds.
        low: Lower end of its 95 % Wilson interval, which covers other test images.
        high: Its upper end.
        images: Number of test images.
        same_images: Whether they are those of the newer revision.
    """

    commit: str
    date: str
    accuracy: float
    low: float
    high: float
    images: int
    same_images: bool


@dataclass(frozen=True)
class History:
    """What came before a result.

    Attributes:
        points: The last results of the base's history, oldest first; last, the newer revision's.
        judged: Number of different tables of predictions on these test images: those of the base's
            history, those of the commits between base and head, and the newer revision's own.
        on_branch: Those among them that only the commits between base and head have, and head.
        again: Whether the base's history has the newer revision's own table already.
        gaps: Why there may have been more results, one line each.
    """

    points: list[Point] = field(default_factory=list)
    judged: int = 0
    on_branch: int = 0
    again: bool = False
    gaps: list[str] = field(default_factory=list)


def read(base: Snapshot, head: Results) -> History:
    """Read the history of `base`, a commit, as far as it tells of `head`."""
    reader = _Reader(head)
    try:
        reader.look_for_the_project(base.commit)
        listed = reader.commits("--first-parent", base.commit)
        own = head.snapshot.commit or "HEAD"
        branch = reader.commits(own, "--not", base.commit)
        blobs = reader.blobs([commit for commit, _ in listed + branch])
        before = reader.judged(blobs[commit] for commit, _ in reversed(listed))
        there = reader.judged(blobs[commit] for commit, _ in reversed(branch))
        here = {reader.own_blob()} if PREDICTIONS in head.snapshot.files else set()
        points = list(reader.points([(*entry, blobs[entry[0]]) for entry in reversed(listed)]))
        reader.look_for_an_end(base.commit, own)
    except RevisionError as error:
        return History(gaps=[*reader.gaps, str(error)])
    new = there | here
    return History(
        points[-MOST_POINTS:] + reader.own_point(),
        len(before | new),
        len(new - before),
        bool(here & before),
        reader.gaps,
    )


# The blobs of a commit, with their sizes in bytes, by path.
Blobs = dict[str, tuple[str, int]]


class _Reader:
    """Reads a history in a limited time; `gaps` says what it could not."""

    def __init__(self, head: Results) -> None:
        self.head, self.gaps = head, list[str]()
        self._end = time.monotonic() + MOST_SECONDS
        self._prefix = ""  # the project's folder in the repository
        self._same_images: dict[str, bool] = {}

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

    def judged(self, commits: Iterator[Blobs]) -> set[str]:
        """Return the tables of predictions on the test images of `head`."""
        return {
            blobs[PREDICTIONS][0]
            for blobs in commits
            if PREDICTIONS in blobs and self._has_same_images(blobs)
        }

    def points(self, commits: list[tuple[str, str, Blobs]]) -> Iterator[Point]:
        """Yield the accuracy wherever it may have changed, the oldest first."""
        changed, before = [], None
        for commit, date, blobs in commits:
            now = blobs.get(METRICS)
            if now not in (None, before):
                changed.append((commit, date, blobs))
            before = now
        for commit, date, blobs in changed[-MOST_POINTS:]:
            found = self._results(commit, METRICS, blobs)
            if found is not None:
                yield from self._point(found, date, self._has_same_images(blobs))

    def own_point(self) -> list[Point]:
        """Return the newer revision's own point, if it has results."""
        return list(self._point(self.head, "", True))

    def own_blob(self) -> str:
        """Return the name that git gives to the newer revision's table of predictions."""
        content = self.head.snapshot.files[PREDICTIONS]
        return self._git("hash-object", "--stdin", stdin=content).decode().strip()

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

    def _has_same_images(self, blobs: Blobs) -> bool:
        if DATA not in blobs:
            return False
        blob, _ = blobs[DATA]
        if blob not in self._same_images:
            found = self._results(blob, DATA, blobs)
            test = found.data.get("test") if found else None
            self._same_images[blob] = _digests(test) == _digests(self.head.data.get("test"))
        return self._same_images[blob]

    def _results(self, label: str, path: str, blobs: Blobs) -> Results | None:
        """Read one small file, checked; None, and a note, if it is damaged or too large."""
        blob, size = blobs[path]
        where = f"{path} at {label[:7]}"
        if time.monotonic() > self._end:
            self._note(f"not all of the history was read: it took more than {MOST_SECONDS:.0f} s")
            return None
        if size > MOST_MIB * 2**20:
            self._note(f"{where} has more than {MOST_MIB} MiB and was not read")
            return None
        (content,) = snapshots.contents([blob], self._seconds())
        found = Results(Snapshot(label, label, {path: content}))
        try:
            _ = found.metrics if path == METRICS else found.data
        except ResultsError:
            self._note(f"{where} is damaged and was left out")
            return None
        return found

    def _point(self, results: Results, date: str, same_images: bool) -> Iterator[Point]:
        scores, images = results.metrics.get("tuned"), results.metrics.get("test_images")
        if not isinstance(scores, dict) or type(images) is not int or images < 1:
            return
        accuracy = scores.get("accuracy_mean_of_seeds", scores.get("accuracy"))
        if isinstance(accuracy, int | float) and 0 <= accuracy <= 1:
            interval = wilson_interval(round(accuracy * images), images)
            label = results.snapshot.label
            yield Point(label, date, float(accuracy), *interval, images, same_images)

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


def _digests(test: Any) -> tuple[Any, Any, Any] | None:
    """Return what tells test images from others; None if it is not known."""
    if not isinstance(test, dict) or "images_sha256" not in test:
        return None
    return test.get("images"), test["images_sha256"], test.get("labels_sha256")
