import json

import numpy as np
import pytest

from pipeline.base.files import FileError
from pipeline.training.batches import Batches, SplitFolder, require_alike


@pytest.fixture
def split(tmp_path):
    images = np.arange(10 * 2 * 2, dtype=np.uint8).reshape(10, 2, 2, 1)
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", np.arange(10))
    (tmp_path / "classes.json").write_text(json.dumps([str(n) for n in range(10)]))
    return SplitFolder(tmp_path)


def labels(batches):
    return [batches[n][1].tolist() for n in range(len(batches))]


def test_without_a_seed_images_come_in_order(split):
    assert labels(Batches(split, 4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_images_stay_with_their_labels_and_each_comes_once(split):
    batches = Batches(split, 4, seed=1)
    seen = []
    for number in range(len(batches)):
        images, classes = batches[number]
        assert images.dtype == np.uint8
        assert images[:, 0, 0, 0].tolist() == (4 * classes).tolist()
        seen += classes.tolist()
    assert sorted(seen) == list(range(10))


def test_order_depends_on_seed_and_epoch_alone(split):
    first, second, other = Batches(split, 4, seed=1), Batches(split, 4, 1), Batches(split, 4, 2)
    start = labels(first)
    assert start == labels(second)
    assert start != labels(other)
    for batches in (first, second):
        batches.on_epoch_end()
    assert labels(first) == labels(second) != start


def test_the_digest_names_images_and_labels(split):
    before = split.digest
    changed = np.load(split.folder / "labels.npy")
    changed[0] = 9
    np.save(split.folder / "labels.npy", changed)
    assert SplitFolder(split.folder).digest != before


def test_splits_that_do_not_belong_together_are_refused(split, tmp_path):
    def other(name, images, classes):
        labels = np.zeros(len(images), np.int64)
        return SplitFolder.write(tmp_path / name, images, labels, classes)

    images = np.zeros((3, 2, 2, 1), np.uint8)
    require_alike(split, other("same", images, split.classes))
    for name, pixels, classes, said in (
        ("wide", np.zeros((3, 2, 4, 1), np.uint8), split.classes, r"wide: shape \(2, 4, 1\), but"),
        ("fewer", images, split.classes[:2], "fewer: classes .* but"),
    ):
        with pytest.raises(FileError, match=said):
            require_alike(split, other(name, pixels, classes))
    with pytest.raises(FileError, match="no pixels"):
        other("thin", images[:, :, :0], split.classes).labels  # noqa: B018
