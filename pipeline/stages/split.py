"""Stage `split`: divide the images into train, validation and test, and say what they hold."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.config.params import Params
from pipeline.data import duplicates, grouping, location, splitting, writing
from pipeline.data.gathering import (
    NAMES,
    TEST,
    TRAIN,
    VALIDATION,
    Gathered,
    beside,
    gather,
)
from pipeline.data.source import MOST_NAMED, Source, load_dataset
from pipeline.figures import pairs, samples
from pipeline.running.terminal import say

SCRATCH = paths.SPLIT / ".images.part"


def main(settings: Params) -> None:
    """Write the three splits, what they hold, and pictures of it."""
    location.require_file_names(settings)
    source = load_dataset(settings.dataset.name).read(paths.RAW, settings.dataset)
    try:
        gathered = gather(source, SCRATCH, skip=settings.dataset.skip_unreadable)
        report = _divide(gathered, source, settings)
    finally:
        for file in (SCRATCH, beside(SCRATCH)):
            file.unlink(missing_ok=True)
    write_json(paths.DATA_REPORT, {"dataset": settings.dataset.name, **report})


def _divide(gathered: Gathered, source: Source, settings: Params) -> dict[str, Any]:
    cuts = settings.split
    found = duplicates.find(gathered)
    groups = found.groups() if cuts.group_duplicates else np.arange(len(gathered))
    names: list[str] = []
    if cuts.group_by is not None:
        names = grouping.names(gathered.files, cuts.group_by, settings.dataset.path)
        groups = grouping.united(groups, grouping.codes(names))
        _require_enough(gathered, source, groups, cuts.group_by)
    parts = splitting.assign(
        gathered, source.classes, cuts, groups, grows=source.grows, names=names
    )
    facts = source.pictures
    later = {"folder": facts.folder, "fit": facts.fit} if facts else None
    writing.write(gathered, parts, source.classes, paths.SPLIT, later, names)
    samples.draw(gathered, parts == TRAIN, source.classes, paths.DATA_PICTURES / "samples.png")
    pairs.draw(gathered, found, parts, source.classes, paths.DATA_PICTURES / "duplicates.png")
    report: dict[str, Any] = {
        name: writing.describe(paths.SPLIT / name, source.classes) for name in NAMES
    }
    if names:
        for number, name in enumerate(NAMES):
            inside = np.flatnonzero(parts == number)
            report[name]["groups"] = len({names[i] for i in inside})
    counts = duplicates.count(found, gathered.labels, parts)
    left_out = int((parts == splitting.LEFT_OUT).sum())
    _say(report, counts, source)
    if names and left_out:
        say(
            f"note: left out {left_out} training and validation images, since others of their "
            "groups are among the official validation or test images"
        )
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
        "left_out": left_out,
        "skipped": sum(entry.pictures for entry in source.skipped),
        "skipped_examples": [str(entry) for entry in source.skipped[:MOST_NAMED]],
        **({"plain": len(source.plain)} if source.plain else {}),
        "plain_examples": source.plain[:MOST_NAMED],
        **({"pictures": asdict(facts)} if facts else {}),
        **(pairs.describe(gathered, found, parts) if facts else {}),
    }
    # DVC looks for the rows of its chart in every list, and fails on an empty one.
    return {key: value for key, value in described.items() if value != []}


def _require_enough(
    gathered: Gathered, source: Source, groups: NDArray[np.int64], group_by: str
) -> None:
    """Check that the images of the folder's training part can be divided by groups."""
    free = np.flatnonzero(gathered.official == TRAIN)
    cuts = sum(part not in gathered.official for part in (TEST, VALIDATION))
    labels = gathered.labels[free]
    grouping.require_enough(groups[free], labels, source.classes, 1 + cuts, group_by)


def _without_images(part: dict[str, Any]) -> list[str]:
    return [name for name, count in part["per_class"] if not count]


def _say(report: dict[str, Any], counts: dict[str, int], source: Source) -> None:
    """Print what the splits hold, and what the user should know about it."""
    for name in NAMES:
        groups = f", {report[name]['groups']} groups" if "groups" in report[name] else ""
        say(f"{name}: {report[name]['images']} images of {report[name]['shape']}{groups}")
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
