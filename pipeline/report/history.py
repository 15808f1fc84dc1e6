"""The results that a branch has had before, read from git: their accuracy, and how many there are.

Every result that is judged on the same test images is another chance to be lucky with them
(docs/statistics.md, "Many results on the same test images"). A history may be anybody's, so what is
read of it is limited in number, size and time.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.report.past import DATA, METRICS, PREDICTIONS, Blobs, Past
from pipeline.report.results import Results
from pipeline.report.snapshots import RevisionError, Snapshot
from pipeline.statistics.proportions import wilson_interval

PREDICTED = re.compile(r"tuned_(predicted|seed\d+)")
# Tables of predictions that are larger are told from each other by every byte: 16 MiB are some
# 100,000 images.
MOST_POINTS, MOST_MIB = 30, 16


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
        here: Whether this is the newer revision itself.
    """

    commit: str
    date: str
    accuracy: float
    low: float
    high: float
    images: int
    same_images: bool
    here: bool = False


@dataclass(frozen=True)
class History:
    """What came before a result.

    Attributes:
        points: The last results of the base's history, oldest first; last, the newer revision's
            if it has results.
        judged: Number of results on these test images that differ in a predicted class: those of
            the base's history, of the commits between base and head, and of the newer revision.
        on_branch: Those among them that only the commits between base and head have, and head.
        again: Whether the base's history has the newer revision's own result already.
        gaps: Why there may have been more results, one line each.
    """

    points: list[Point] = field(default_factory=list)
    judged: int = 0
    on_branch: int = 0
    again: bool = False
    gaps: list[str] = field(default_factory=list)


def read(base: Snapshot, head: Results) -> History:
    """Read the history of `base`, a commit, as far as it tells of `head`."""
    past = Past()
    reader = _Reader(head, past)
    try:
        past.look_for_the_project(base.commit)
        listed = past.commits("--first-parent", base.commit)
        own = head.snapshot.commit or "HEAD"
        branch = past.commits(own, "--not", base.commit)
        blobs = past.blobs([commit for commit, _ in listed + branch])
        before = reader.judged(blobs[commit] for commit, _ in reversed(listed))
        there = reader.judged(blobs[commit] for commit, _ in reversed(branch))
        here = {reader.own_result()} if PREDICTIONS in head.snapshot.files else set()
        points = list(reader.points([(*entry, blobs[entry[0]]) for entry in reversed(listed)]))
        past.look_for_an_end(base.commit, own)
    except RevisionError as error:
        return History(gaps=[*past.gaps, str(error)])
    new = there | here
    return History(
        points + reader.own_point(),
        len(before | new),
        len(new - before),
        bool(here & before),
        past.gaps,
    )


class _Reader:
    """Makes a history of the commits of the past."""

    def __init__(self, head: Results, past: Past) -> None:
        self.head, self._past = head, past
        self._same_images: dict[str, bool] = {}
        self._known: dict[str, str] = {}

    def judged(self, commits: Iterator[Blobs]) -> set[str]:
        """Return what tells the results on the test images of `head` from each other."""
        return {
            self._result(*blobs[PREDICTIONS])
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
            found = self._past.results(commit, METRICS, blobs)
            if found is not None:
                yield from self._past_point(found, date, self._has_same_images(blobs))

    def own_point(self) -> list[Point]:
        """Return the newer revision's own point, if it has results, from its predictions."""
        if self.head.missing:
            return []
        judged, _ = self.head.judged("tuned")
        right = judged.seeds == judged.actual
        accuracy, images = float(right.mean()), right.shape[1]
        return [_point(self.head.snapshot.label, "", accuracy, images, same_images=True, here=True)]

    def own_result(self) -> str:
        """Return what tells the newer revision's result from others."""
        content = self.head.snapshot.files[PREDICTIONS]
        return self._result(self._past.name(content), len(content), content)

    def _has_same_images(self, blobs: Blobs) -> bool:
        if DATA not in blobs:
            return False
        blob, _ = blobs[DATA]
        if blob not in self._same_images:
            found = self._past.results(blob, DATA, blobs)
            test = found.data.get("test") if found else None
            own = _digests(self.head.data.get("test"))
            self._same_images[blob] = own is not None and _digests(test) == own
        return self._same_images[blob]

    def _result(self, blob: str, size: int, content: bytes | None = None) -> str:
        """Return a digest of a table's predicted classes; of a large table its blob's name."""
        if size > MOST_MIB * 2**20:
            return blob
        if blob not in self._known:
            if content is None:
                where = f"{PREDICTIONS} with the digest {blob[:7]}"
                content = self._past.content(blob, size, where, MOST_MIB)
            self._known[blob] = (content and _predicted(content)) or blob
        return self._known[blob]

    def _past_point(self, results: Results, date: str, same_images: bool) -> Iterator[Point]:
        scores, images = results.metrics.get("tuned"), results.metrics.get("test_images")
        if not isinstance(scores, dict) or type(images) is not int or images < 1:
            return
        accuracy = scores.get("accuracy_mean_of_seeds", scores.get("accuracy"))
        if isinstance(accuracy, int | float) and 0 <= accuracy <= 1:
            yield _point(results.snapshot.label, date, float(accuracy), images, same_images)


def _point(
    commit: str, date: str, accuracy: float, images: int, same_images: bool, here: bool = False
) -> Point:
    """Return a point with its interval."""
    low, high = wilson_interval(round(accuracy * images), images)
    return Point(commit, date, accuracy, low, high, images, same_images, here)


def _predicted(content: bytes) -> str:
    """Return a digest of the classes that the tuned models predict; empty if there are none.

    Losses and the baseline's columns do not count: another version of the pipeline may have written
    them otherwise.
    """
    try:
        header, *rows = csv.reader(io.StringIO(content.decode("utf-8")))
        places = [place for place, name in enumerate(header) if PREDICTED.fullmatch(name)]
        told = "\n".join(",".join(row[place] for place in places) for row in rows)
    except (ValueError, IndexError, csv.Error):
        return ""
    return hashlib.sha256(told.encode()).hexdigest() if places else ""


def _digests(test: Any) -> tuple[Any, Any, Any] | None:
    """Return what tells test images from others; None if it is not known."""
    if not isinstance(test, dict) or "images_sha256" not in test:
        return None
    return test.get("images"), test["images_sha256"], test.get("labels_sha256")
