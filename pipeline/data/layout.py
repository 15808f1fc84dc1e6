"""The layouts of a folder of pictures that are accepted, and the sentence for each that is not.

A folder that holds pictures but has no place is always an error, whatever
`dataset.skip_unreadable` says: to leave it out would lose its pictures. Files without a place and
empty folders are listed as unusable. Deeper folders are not read, so links cannot form a cycle.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.base.text import visible
from pipeline.config.fields import TABLE
from pipeline.config.messages import did_you_mean
from pipeline.data import decoding
from pipeline.data.listing import Listing, is_of_another_kind, is_picture
from pipeline.data.source import DataError, Unusable

# What people call the three parts, in any case.
SPELLINGS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test", "testing"),
}
README = "README.md"
# The ends of the names of mask files, beside the pictures that they belong to.
MASK = re.compile(r"[_-](mask|seg|gt|label)s?$", re.IGNORECASE)

Classes = dict[str, list[Path]]


@dataclass
class Layout:
    """The content of a folder: the files of each class by part.

    Attributes:
        parts: "train" and, if the folder has them, "validation" and "test".
        unusable: Files and empty folders that have no place.
        notes: What the user should know about how the folder is read.
        listing: The entries of its folders.
    """

    listing: Listing
    parts: dict[str, Classes] = field(default_factory=dict)
    unusable: list[Unusable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(root: Path, listing: Listing) -> Layout:
    """List the pictures in `root` by part and class; a class may come out empty.

    Raises:
        DataError: a folder with pictures has no place, or the layout is ambiguous.
    """
    layout = Layout(listing)
    top = _folders(root, layout, tables=True)
    by_part = _by_part(top, root, listing)
    if by_part:
        for part, folder in by_part.items():
            layout.parts[part] = _classes(_folders(folder, layout), folder, layout)
    else:
        layout.parts["train"] = _classes(top, root, layout)
    filled = {name for part in layout.parts.values() for name, files in part.items() if files}
    _refuse_same_names(filled, root)
    _refuse_unknown_classes(layout, by_part)
    for part, folder in by_part.items():
        if part != "train" and not any(layout.parts[part].values()):
            kind = "readable pictures" if listing.unreadable else "pictures"
            raise DataError(f"{shown_path(folder)}: no {kind} in it. Fill it or remove it.")
    _refuse_masks(layout)
    if listing.hidden:
        layout.notes.append(
            f"passed over {listing.hidden} entries whose names begin with a dot, or that operating "
            "systems leave behind"
        )
    return layout


def _by_part(top: Sequence[Path], root: Path, listing: Listing) -> dict[str, Path]:
    """Find the folders of the parts, none if the folders are classes.

    `train` is a part if it holds folders; a class with that name would hold files.
    """
    found: dict[str, list[Path]] = {}
    others = []
    for folder in top:
        part = next((p for p, names in SPELLINGS.items() if folder.name.lower() in names), None)
        if part:
            found.setdefault(part, []).append(folder)
        else:
            others.append(folder)
    if not any(
        entry.is_dir() for train in found.get("train", []) for entry in listing.entries(train)
    ):
        if len(found) > 1 and not others:
            raise DataError(
                f"{shown_path(root)}: no classes in {' and '.join(map(shown_path, top))}. Put the "
                "pictures of each class in a sub-folder of its own: train/<class>/*."
            )
        return {}
    for part, folders in found.items():
        if len(folders) > 1:
            names = " and ".join(repr(folder.name) for folder in folders)
            raise DataError(
                f"{shown_path(root)}: {names} both mean {part}. Merge them, or rename one."
            )
    lost = [f"{shown_path(folder)} ({listing.count(folder)} pictures)" for folder in others]
    if lost:
        allowed = ", ".join(f"{part}/ ({', '.join(SPELLINGS[part][1:])})" for part in SPELLINGS)
        raise DataError(
            f"{', '.join(lost)}: beside train/ only these are read: {allowed}. Rename "
            f"{'it' if len(lost) == 1 else 'them'}, or move {'it' if len(lost) == 1 else 'them'} "
            "out of dataset.path."
        )
    return {part: found[part][0] for part in SPELLINGS if part in found}


def _folders(folder: Path, layout: Layout, *, tables: bool = False) -> list[Path]:
    """List the sub-folders; other entries are unusable, but for a README and tables if allowed."""
    found = []
    for entry in layout.listing.entries(folder):
        if entry.is_dir():
            found.append(entry)
        # Tables are lists of groups, labels or people; `split.group_by` may name one.
        elif not (tables and (entry.name == README or entry.suffix.lower() == TABLE)):
            why = "a stray file; pictures belong in a class"
            one = is_picture(entry) or is_of_another_kind(entry)
            layout.unusable.append(Unusable(shown_path(entry), why, int(one)))
    return found


def _classes(folders: list[Path], above: Path, layout: Layout) -> Classes:
    """List the files of each class, or those of its one sub-folder if every class has the same."""
    for folder in folders:
        if not _is_utf8(folder.name):
            raise DataError(f"{shown_path(folder)}: the name is not UTF-8. Rename the folder.")
    listing = layout.listing
    inner = {folder: _inner(folder, listing) for folder in folders}
    deep = [folder for folder, subs in inner.items() if subs]
    if deep:
        names = {tuple(sub.name for sub in inner[folder]) for folder in deep}
        shallow = [f for f in folders if any(map(is_picture, listing.entries(f)))]
        if len(names) > 1 or len(next(iter(names))) > 1 or shallow:
            raise _too_deep(deep, inner, above, shallow, listing)
        if any(_inner(inner[folder][0], listing) for folder in deep):
            raise _too_deep(deep, inner, above, shallow, listing)
        layout.notes.append(f"the pictures of each class are read from <class>/{names.pop()[0]}/")
    classes: Classes = {}
    for folder in folders:
        files = _files(inner[folder][0] if folder in deep else folder, layout)
        if folder in deep:
            _files(folder, layout, but=inner[folder][0])
        # What a class is called from here on, in all tables and pictures, can be seen.
        name = visible(folder.name)
        if name in classes:
            raise DataError(
                f"{shown_path(above)}: two folders are both shown as {name}. Rename one."
            )
        classes[name] = files
        if not files:
            layout.unusable.append(Unusable(shown_path(folder), "a class without pictures"))
    return classes


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _inner(folder: Path, listing: Listing) -> list[Path]:
    """Return the sub-folders that hold pictures at any depth."""
    return [e for e in listing.entries(folder) if e.is_dir() and listing.count(e)]


def _too_deep(
    deep: list[Path],
    inner: dict[Path, list[Path]],
    above: Path,
    shallow: list[Path],
    listing: Listing,
) -> DataError:
    lost = inner[deep[0]][0]
    if len(deep) == 1 and not shallow:
        way = f"set dataset.path: {shown_path(deep[0])} if its sub-folders are the classes"
    else:
        way = "move the folder out of dataset.path"
    return DataError(
        f"{shown_path(lost)}: {listing.count(lost)} pictures lie deeper than "
        f"{shown_path(above)}/<class>/*{_and_others(len(deep))}. Move them up into "
        f"{shown_path(deep[0])}/, or {way}."
    )


def _and_others(count: int) -> str:
    return "" if count == 1 else f", and so in {count - 1} other classes"


def _files(folder: Path, layout: Layout, but: Path | None = None) -> list[Path]:
    """List the pictures in a folder; every other entry is unusable, except the folder `but`."""
    files = []
    for entry in layout.listing.entries(folder):
        if entry == but:
            continue
        if entry.is_dir():
            layout.unusable.append(Unusable(shown_path(entry), "an empty folder within a class"))
        elif is_picture(entry):
            files.append(entry)
        elif is_of_another_kind(entry):
            why = f"a picture of a kind that is not read; save it as {decoding.NAMED}"
            layout.unusable.append(Unusable(shown_path(entry), why, 1))
        else:
            allowed = " ".join(decoding.SUFFIXES)
            why = f"a stray file; allowed: {allowed}"
            layout.unusable.append(Unusable(shown_path(entry), why))
    return files


def _refuse_same_names(names: set[str], root: Path) -> None:
    """Refuse class names that a file system or a reader may take for the same name."""
    by_look: dict[str, list[str]] = {}
    for name in sorted(names):
        by_look.setdefault(unicodedata.normalize("NFKC", name).casefold(), []).append(name)
    same = [" and ".join(map(repr, group)) for group in by_look.values() if len(group) > 1]
    if same:
        raise DataError(
            f"{shown_path(root)}: classes that differ only in case or spelling: {'; '.join(same)}. "
            "Rename or merge them."
        )


def _refuse_unknown_classes(layout: Layout, by_part: dict[str, Path]) -> None:
    """Refuse a class in another part that `train` does not have."""
    train = layout.parts["train"]
    for part, folder in by_part.items():
        for name, files in layout.parts[part].items():
            if files and name not in train:
                raise DataError(
                    f"{shown_path(folder / name)}: {len(files)} pictures of a class that "
                    f"{shown_path(by_part['train'])} does not have"
                    f"{did_you_mean(name, train) or '.'} Rename the folder, bring pictures of it "
                    "to train on, or move it out of dataset.path."
                )


def _refuse_masks(layout: Layout) -> None:
    """Refuse a folder in which most classes hold two files for most pictures."""
    every = (files for classes in layout.parts.values() for files in classes.values() if files)
    found = [_twofold(files) for files in every]
    twofold = [pairs for pairs in found if pairs]
    if 2 * len(twofold) > len(found):
        one, other = twofold[0][0]
        raise DataError(
            f"{shown_path(other)} lies beside {one.name}, and so it is for "
            f"{sum(map(len, twofold))} pictures: masks, or the same pictures twice? "
            "Move those that are not pictures to learn from out of dataset.path."
        )


def _twofold(files: list[Path]) -> list[tuple[Path, Path]]:
    """Return the pairs of files with one name but for suffix and ending; few pairs are chance."""
    first: dict[str, Path] = {}
    pairs = []
    for file in files:
        stem = MASK.sub("", file.stem)
        if stem in first:
            pairs.append((first[stem], file))
        else:
            first[stem] = file
    return pairs if 3 * len(pairs) >= len(files) and len(pairs) > 1 else []


def shown_path(path: Path) -> str:
    """Return a path with an escape for what cannot be seen, and for bytes outside UTF-8."""
    return visible(str(path))
