"""The command `python -m pipeline settle`: train further seeds until a verdict is decided.

Whoever trains seed after seed and stops at the first good look is wrong too often. Here the looks
and their level are fixed beforehand, so that the error of all of them together is known
(`benchmarks/sequential.py`, docs/statistics.md).
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ruamel.yaml import YAML

from pipeline.base import git, paths
from pipeline.base.errors import ConvoyError
from pipeline.commands import affected, call
from pipeline.config import params
from pipeline.evaluation.comparison import Verdict
from pipeline.report import snapshots, wording
from pipeline.report.comparing import compare
from pipeline.report.results import Results
from pipeline.running.terminal import say

# The numbers of seeds at which is looked, and the p-value that decides at each look.
LOOKS = (3, 5, 10)
LEVEL = 0.03


def settle(base: str | None) -> None:
    """Train both sides with more and more seeds until a look decides; after ten nothing has.

    Each side is a checkout of its own, so the workspace stays as it is. What is trained there is
    kept in the store, where a later run of the workspace finds it.

    Args:
        base: The revision that HEAD is compared with; None: tuned against baseline of HEAD.

    Raises:
        ConvoyError: there is nothing to compare, or a training fails.
    """
    with _checkouts(["HEAD", base] if base else ["HEAD"]) as folders:
        for count in LOOKS:
            for folder in folders:
                _train(folder, count)
            found = _look(folders)
            say(f"{count} seeds: {wording.sentence(found)}")
            if found.p_value <= LEVEL:
                break
    say(_answer(found, count))


def _look(folders: Sequence[Path]) -> Verdict:
    """Compare the last checkout with the first, or tuned with baseline if there is only one."""
    # One revision is compared with itself, for what the report says of its search.
    old, new = (Results(snapshots.workspace(folder)) for folder in (folders[-1], folders[0]))
    report = compare(old, new)
    found = report.verdict if len(folders) > 1 else report.search
    if found is None:
        raise ConvoyError(f"nothing to compare: {'; '.join(report.reasons)}")
    return found


def _answer(found: Verdict, count: int) -> str:
    """Write what the looks have come to."""
    if found.p_value <= LEVEL:
        gain = -found.difference if found.metric == "log_loss" else found.difference
        return f"Settled with {count} seeds: {'better' if gain > 0 else 'worse'}."
    said = [
        f"Not settled with {count} seeds: {found.word}.",
        wording.could_be(found),
        "`train.seeds` of that many take seconds now, since they are kept.",
    ]
    return " ".join(filter(None, said))


def _train(folder: Path, count: int) -> None:
    """Train and judge so many seeds in a checkout: those of its params.yaml, and further ones."""
    file, yaml = folder / paths.PARAMS, YAML()
    content = yaml.load(file)
    seeds = list(content["train"]["seeds"])
    others = [seed for seed in range(1, 2 * count + 1) if seed not in seeds]
    content["train"]["seeds"] = (seeds + others)[:count]
    yaml.dump(content, file)
    if call.dvc("repro", "evaluate", folder=folder).returncode:
        raise ConvoyError(f"{folder}: `dvc repro evaluate` failed; its message is above.")


@contextmanager
def _checkouts(revisions: Sequence[str]) -> Iterator[list[Path]]:
    """Check revisions out into folders of their own, which share DVC's cache and the store."""
    root = Path(tempfile.mkdtemp(prefix="convoy-settle-"))
    cache = call.dvc("cache", "dir", quiet=True).stdout.strip()
    folders: list[Path] = []
    try:
        top = Path(git.required("rev-parse", "--show-toplevel"))
        within = git.required("rev-parse", "--show-prefix")
        for revision in revisions:
            # As deep as the workspace, so pictures beside the workspace lie inside `root` too.
            checkout = Path(root, str(len(folders)), *top.parts[1:])
            git.required("worktree", "add", "--quiet", "--detach", str(checkout), revision)
            folder = checkout / within
            call.dvc("cache", "dir", "--local", cache, folder=folder, quiet=True)
            _bring_pictures(folder)
            folders.append(folder)
        yield folders
    finally:
        shutil.rmtree(root, ignore_errors=True)
        git.answer("worktree", "prune")


def _bring_pictures(folder: Path) -> None:
    """Put the user's own pictures into a checkout, where they lie at a relative path.

    Those that `dvc add` has put under DVC are the checkout's own. Others that git does not know
    have no versions: they are those of the workspace.

    Raises:
        ConvoyError: DVC does not have them.
    """
    path = params.written(folder / paths.PARAMS).get("dataset.path")
    if not isinstance(path, str) or Path(path).is_absolute():
        return
    source = Path(path)
    pointer = source.with_name(f"{source.name}.dvc")
    if not (folder / pointer).exists():
        known = git.answer("ls-files", "-z", "--", path).split("\0")
        affected.link(source, folder / source, without={Path(name) for name in known})
    elif call.dvc("checkout", str(pointer), folder=folder, quiet=True).returncode:
        raise ConvoyError(f"{source}: not in DVC's cache as {pointer} has it. Run `dvc pull`.")
