"""The writer of the splits, one folder of arrays each, and their description."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.base.files import sha256, write_csv, write_json
from pipeline.data.gathering import NAMES, Gathered


def write(
    gathered: Gathered,
    parts: NDArray[np.int8],
    classes: Sequence[str],
    folder: Path,
    pictures: Mapping[str, str] | None = None,
    groups: Sequence[str] = (),
) -> None:
    """Write `folder/{train,validation,test}`, each complete or not at all.

    Args:
        gathered: The images.
        parts: The part of each, [n].
        classes: Class names in label order.
        folder: Where to write.
        pictures: What is to be known of picture files later on, for `pictures.json`; with it the
            path of each is written to `files.csv`. None if the images are no picture files.
        groups: The name of each picture's group, [n], for `files.csv`; empty if there are none.
    """
    scratch = {number: folder / f".{name}.part" for number, name in enumerate(NAMES)}
    for number, path in scratch.items():
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        np.save(path / "labels.npy", gathered.labels[parts == number])
        write_json(path / "classes.json", list(classes))
        if pictures is not None:
            write_json(path / "pictures.json", pictures)
            _write_files(path / "files.csv", gathered, np.flatnonzero(parts == number), groups)
    _write_images(gathered, parts, [path / "images.npy" for path in scratch.values()])
    for number, path in scratch.items():
        target = folder / NAMES[number]
        shutil.rmtree(target, ignore_errors=True)
        path.rename(target)


def _write_files(
    table: Path, gathered: Gathered, indices: NDArray[np.int64], groups: Sequence[str]
) -> None:
    """Write one row an image: its index in the part, its file, and its group if it has one."""
    rows = (
        [place, gathered.files[i], *([groups[i]] if groups else [])]
        for place, i in enumerate(indices)
    )
    write_csv(table, ["index", "file", *(["group"] if groups else [])], rows)


def _write_images(gathered: Gathered, parts: NDArray[np.int8], files: list[Path]) -> None:
    """Write the images of each part to its .npy file.

    The files are not memory-mapped, because the pages of a map count as memory of the process.
    """
    with ExitStack() as stack:
        sinks = [stack.enter_context(file.open("wb")) for file in files]
        for number, sink in enumerate(sinks):
            _write_header(sink, (int((parts == number).sum()), *gathered.shape))
        for start, images in gathered.chunks():
            of_chunk = parts[start : start + len(images)]
            for number, sink in enumerate(sinks):
                sink.write(images[of_chunk == number].data)


def _write_header(sink: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(
        sink, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )


def describe(folder: Path, classes: Sequence[str]) -> dict:
    """Return the counts and digests of one written split.

    The counts per class are a list of pairs, because DVC shows numbers in dictionaries as metrics,
    and these would crowd out the others.
    """
    labels = np.load(folder / "labels.npy")
    shape = np.load(folder / "images.npy", mmap_mode="r").shape
    counts = np.bincount(labels, minlength=len(classes))
    return {
        "images": len(labels),
        "shape": "×".join(map(str, shape[1:])),
        "images_sha256": sha256(folder / "images.npy"),
        "labels_sha256": sha256(folder / "labels.npy"),
        "per_class": [[name, int(count)] for name, count in zip(classes, counts, strict=True)],
    }
