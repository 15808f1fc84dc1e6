"""Stage `split`: divide the images into train, validation and test, and say what they hold."""

from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.config.params import Params, Split
from pipeline.data import duplicates, splitting, writing
from pipeline.data.gathering import NAMES, TRAIN, Gathered, beside, gather
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
        for file in (SCRATCH, beside(SCRATCH)):
            file.unlink(missing_ok=True)
    write_json(paths.DATA_REPORT, {"dataset": settings.dataset.name, **report})


def _divide(gathered: Gathered, source: Source, cuts: Split) -> dict[str, Any]:
    found = duplicates.find(gathered)
    groups = found.groups() if cuts.group_duplicates else np.arange(len(gathered))
    parts = splitting.assign(gathered, source.classes, cuts, groups, grows=source.grows)
    facts = source.pictures
    later = {"folder": facts.folder, "fit": facts.fit} if facts else None
    writing.write(gathered, parts, source.classes, paths.SPLIT, later)
    samples.draw(gathered, parts == TRAIN, source.classes, paths.DATA_PICTURES / "samples.png")
    pairs.draw(gathered, found, parts, source.classes, paths.DATA_PICTURES / "duplicates.png")
    report: dict[str, Any] = {
        name: writing.describe(paths.SPLIT / name, source.classes) for name in NAMES
    }
    counts = duplicates.count(found, gathered.labels, parts)
    _say(report, counts, source)
    unseen = _without_images(report["test"])
    described = {
        **report,
        # The rows of a chart of DVC's.
        "classes": [
            {"class": name, **{part: dict(report[part]["per_class"])[name] for part in NAMES}}
            for name in source.classes
        ],
        "duplicates": counts,
        "classes_without_test_images": len(unseen),
        "left_out": int((parts == splitting.LEFT_OUT).sum()),
        "skipped": sum(entry.pictures for entry in source.skipped),
        "skipped_examples": [str(entry) for entry in source.skipped[:MOST_NAMED]],
        **({"plain": len(source.plain)} if source.plain else {}),
        "plain_examples": source.plain[:MOST_NAMED],
        **({"pictures": asdict(facts)} if facts else {}),
        **(pairs.describe(gathered, found, parts) if facts else {}),
    }
    # DVC looks for the rows of its chart in every list, and fails on an empty one.
    return {key: value for key, value in described.items() if value != []}


def _without_images(part: dict[str, Any]) -> list[str]:
    return [name for name, count in part["per_class"] if not count]


def _say(report: dict[str, Any], counts: dict[str, int], source: Source) -> None:
    """Print what the splits hold, and what the user should know about it."""
    for name in NAMES:
        say(f"{name}: {report[name]['images']} images of {report[name]['shape']}")
    facts = source.pictures
    if facts:
        say(f"image size: {facts.image_size}, {facts.image_size_reason}; fit: {facts.fit}")
    for note in source.notes:
        say(f"note: {note}")
    if source.skipped:
        lost = sum(entry.pictures for entry in source.skipped)
        say(
            f"note: left out {lost} pictures and {len(source.skipped) - lost} other entries that "
            f"cannot be used; {paths.DATA_REPORT} names the first {MOST_NAMED}"
        )
    if source.plain:
        say(
            f"note: {len(source.plain)} pictures show nearly one colour, such as "
            f"{source.plain[0]}; {paths.DATA_REPORT} names the first {MOST_NAMED}"
        )
    for name, loss in (("test", "be judged"), ("validation", "count in the search")):
        unseen = _without_images(report[name])
        if unseen:
            say(f"note: no {name} images of {', '.join(unseen)}: these classes will not {loss}")
    _say_duplicates(counts)


def _say_duplicates(counts: dict[str, int]) -> None:
    for kind in ("exact", "near"):
        train, validation = (counts[f"{kind}_test_in_{part}"] for part in NAMES[:2])
        if train or validation:
            say(
                f"note: of the test images, {train} have {kind} duplicates in training and "
                f"{validation} in validation; see {paths.DATA_PICTURES}/duplicates.png and "
                "split.group_duplicates"
            )
    if counts["exact_other_label"]:
        say(
            f"note: {counts['exact_other_label']} images have an exact duplicate of another class; "
            f"one of the two labels is wrong; see other_label_files in {paths.DATA_REPORT}"
        )
