"""Stage `split`: divide the images into train, validation and test, and say what they hold."""

from typing import Any

import numpy as np

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.config.params import Params, Split
from pipeline.data import duplicates, splitting, writing
from pipeline.data.gathering import NAMES, TRAIN, Gathered, gather
from pipeline.data.source import MOST_NAMED, Source, load_dataset
from pipeline.figures import pairs, samples
from pipeline.running.terminal import say

SCRATCH = paths.SPLIT / ".images.part"


def main(settings: Params) -> None:
    """Write the three splits, what they hold, and pictures of it."""
    source = load_dataset(settings.dataset.name).read(paths.RAW, settings.dataset)
    try:
        gathered = gather(source, SCRATCH, skip=settings.dataset.skip_unreadable)
        report = _divide(gathered, source, settings.split)
    finally:
        SCRATCH.unlink(missing_ok=True)
    write_json(paths.DATA_REPORT, {"dataset": settings.dataset.name, **report})


def _divide(gathered: Gathered, source: Source, cuts: Split) -> dict[str, Any]:
    found = duplicates.find(gathered)
    groups = found.groups() if cuts.group_duplicates else np.arange(len(gathered))
    parts = splitting.assign(gathered, source.classes, cuts, groups, grows=source.grows)
    writing.write(gathered, parts, source.classes, paths.SPLIT)
    samples.draw(gathered, parts == TRAIN, source.classes, paths.DATA_PICTURES / "samples.png")
    pairs.draw(gathered, found, parts, source.classes, paths.DATA_PICTURES / "duplicates.png")
    report: dict[str, Any] = {
        name: writing.describe(paths.SPLIT / name, source.classes) for name in NAMES
    }
    for name, part in report.items():
        say(f"{name}: {part['images']} images of {part['shape']}")
    unseen = [name for name, count in report["test"]["per_class"] if not count]
    if unseen:
        say(f"note: no test images of {', '.join(unseen)}: these classes will not be judged")
    counts = duplicates.count(found, gathered.labels, parts)
    _say_leaks(counts)
    return {
        **report,
        "duplicates": counts,
        "classes_without_test_images": len(unseen),
        "left_out": int((parts == splitting.LEFT_OUT).sum()),
        "skipped": len(source.skipped),
        "skipped_examples": source.skipped[:MOST_NAMED],
    }


def _say_leaks(counts: dict[str, int]) -> None:
    for kind in ("exact", "near"):
        train, validation = (counts[f"{kind}_test_in_{part}"] for part in NAMES[:2])
        if train or validation:
            say(
                f"note: of the test images, {train} have {kind} duplicates in training and "
                f"{validation} in validation; see {paths.DATA_PICTURES}/duplicates.png and "
                "split.group_duplicates"
            )
