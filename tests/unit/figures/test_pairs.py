from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.duplicates import Duplicates
from pipeline.data.gathering import TEST, TRAIN, VALIDATION, gather
from pipeline.data.source import Part, Source
from pipeline.figures import pairs

LEFT_OUT = 3
PARTS = np.array([TRAIN, TRAIN, TRAIN, VALIDATION, TRAIN, TEST, LEFT_OUT, TEST], np.int8)


def found(exact=(), near=()):
    """Write duplicates down as `find` does: for each image the first one that it is equal to."""
    first = np.arange(len(PARTS))
    for one, other in exact:
        first[other] = one
    return Duplicates(first, np.array([*near], np.int64).reshape(-1, 2), 0)


def test_pairs_across_into_test_come_first_and_those_within_a_split_last():
    duplicates = found(exact=[(0, 1), (2, 3), (4, 5)], near=[(0, 2), (2, 5), (0, 3)])
    assert pairs.worst_pairs(duplicates, PARTS).tolist() == [
        [4, 5],  # train and test, equal
        [2, 5],  # train and test, nearly equal
        [2, 3],  # train and validation, equal
        [0, 3],  # train and validation, nearly equal
        [0, 1],  # within train
        [0, 2],
    ]
    assert len(pairs.worst_pairs(found(), PARTS)) == 0


@pytest.fixture
def gathered(tmp_path):
    """Gather an image for each of PARTS; image i is all of grey i."""
    labels = np.arange(len(PARTS)) % 2
    images = np.arange(len(PARTS), dtype=np.uint8).repeat(4 * 5).reshape(-1, 4, 5, 1)
    source = Source(("ant", "bee"), Part(len(PARTS), lambda: iter([(labels, images)])))
    return gather(source, tmp_path / "pixels", skip=False)


def drawn(gathered, duplicates, figures, path):
    pairs.draw(gathered, duplicates, PARTS, ["ant", "bee"], path)
    return [axes for axes in figures[0].axes if axes.get_images()]


def test_a_pair_is_shown_side_by_side_with_split_number_and_class(gathered, figures, tmp_path):
    shown = drawn(gathered, found(exact=[(0, 6)], near=[(4, 5)]), figures, tmp_path / "pairs.png")
    texts = [axes.get_title() for axes in shown]
    assert texts == ["train #4: ant\ntest #5: bee", "train #0: ant\nleft out #6: ant"]
    tiles = [np.unique(axes.get_images()[0].get_array(), axis=0).tolist() for axes in shown]
    white = 255
    assert tiles == [[[4] * 5 + [white] + [5] * 5], [[0] * 5 + [white] + [6] * 5]]


def test_picture_files_are_named_by_their_paths(gathered, figures, tmp_path):
    files = tuple(f"a folder with a name of many letters/{i}.png" for i in range(len(PARTS)))
    named = replace(gathered, files=files)
    (axes,) = drawn(named, found(exact=[(0, 5)]), figures, tmp_path / "pairs.png")
    left, right = axes.get_title().splitlines()
    assert left == "train …th a name of many letters/0.png: ant"
    assert right == "test …th a name of many letters/5.png: bee"
    described = pairs.describe(named, found(exact=[(0, 5), (1, 3)]), PARTS)
    assert described["duplicate_files"] == [
        [f"train: {files[0]}", f"test: {files[5]}"],
        [f"train: {files[1]}", f"validation: {files[3]}"],
    ]
    assert described["other_label_files"] == described["duplicate_files"][:1]


def test_no_duplicates_are_said_to_be_none(gathered, figures, tmp_path):
    assert drawn(gathered, found(), figures, tmp_path / "pairs.png") == []
    assert figures[0].get_suptitle() == "no duplicates found"
