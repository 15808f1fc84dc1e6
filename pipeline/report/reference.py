"""The pinned reference: an older result that the newer revision is judged against, too.

Many small losses can each be equivalent to what was there before, and together a loss that matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.base import paths
from pipeline.base.text import shown
from pipeline.evaluation.comparison import Verdict
from pipeline.report import snapshots
from pipeline.report.results import Results, ResultsError

# The last tags that are looked at, and the seconds that finding them may take.
MOST_TAGS, MOST_SECONDS = 50, 10.0
NEEDED = paths.PREDICTIONS.as_posix()
Source = Literal["--reference", "evaluate.reference", "tag"]
KEY: Source = "evaluate.reference"


@dataclass(frozen=True)
class Reference:
    """The newer revision, judged against the reference by the rule of the base.

    Attributes:
        name: The reference as the user wrote it, or the tag.
        source: Who chose it: the command line, the base's params.yaml, or nobody; then it is the
            last tag with results.
        commit: Label of its commit; empty if it was not found.
        verdict: The newer revision against the reference; None if they cannot be compared.
        worse_classes: The classes whose recall has become worse.
        reasons: The reasons why not.
        accuracy: Test accuracy of the reference, mean of the seeds; None without a verdict.
    """

    name: str
    source: Source
    commit: str = ""
    verdict: Verdict | None = None
    worse_classes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    accuracy: float | None = None

    @property
    def word(self) -> str:
        """The verdict in one word, as `Report.word`."""
        return word(self.verdict, self.worse_classes)


def word(verdict: Verdict | None, worse_classes: Sequence[str]) -> str:
    """Return a verdict in one word; a class that has become worse turns it to "worse"."""
    if verdict is None:
        return "not comparable"
    return "worse" if worse_classes else verdict.word


def choose(asked: str | None, base: Results) -> tuple[str, Source] | None:
    """Return the name of the reference and who chose it; None if there is none.

    Raises:
        ResultsError: `evaluate.reference` of the base is neither null nor a text.
        RevisionError: git cannot list the tags.
    """
    if asked is not None:
        return asked, "--reference"
    written = (base.params.get("evaluate") or {}).get("reference")
    if written is None:
        tag = _last_tag(base.snapshot.commit)
        return (tag, "tag") if tag else None
    if not isinstance(written, str) or not written.strip():
        raise ResultsError(
            f"{KEY} = {shown(written)} in {paths.PARAMS} at {base.snapshot.label}: allowed: null, "
            "or the name of a git revision, such as v1.0"
        )
    return written, KEY


def _last_tag(commit: str) -> str | None:
    """Return the newest tag before a commit that has results."""
    listed = snapshots.git(
        *("for-each-ref", "--sort=-creatordate", f"--merged={commit}", "refs/tags"),
        *("--format=%(refname)", f"--count={MOST_TAGS}"),
        seconds=MOST_SECONDS,
    )
    for name in listed.stdout.decode(errors="surrogateescape").splitlines():
        path = snapshots.inside(name, NEEDED)
        if snapshots.git("cat-file", "-e", path, seconds=MOST_SECONDS).returncode == 0:
            return name.removeprefix("refs/tags/")
    return None
