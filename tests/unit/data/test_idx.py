import gzip
import struct

import numpy as np
import pytest

from pipeline.data.idx import read_chunks, read_mnist_like
from pipeline.data.source import DataError

CLASSES = ("a", "b", "c")


def idx(array, *, zeros=0, kind=8, length=None):
    header = struct.pack(">HBB", zeros, kind, array.ndim)
    axes = [array.shape[0] if length is None else length, *array.shape[1:]]
    return header + struct.pack(f">{array.ndim}I", *axes) + array.tobytes()


def write(folder, prefix, images, labels):
    (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))


@pytest.fixture
def handmade(tmp_path):
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (2500, 4, 3), dtype=np.uint8)
    labels = rng.integers(0, 3, 2500, dtype=np.uint8)
    write(tmp_path, "train", images, labels)
    write(tmp_path, "t10k", images[:7], labels[:7])
    return tmp_path, images, labels


def test_what_was_written_is_read(handmade):
    folder, images, labels = handmade
    source = read_mnist_like(folder, CLASSES)
    read_labels, read_images = zip(*source.train.chunks(), strict=True)
    assert np.array_equal(np.concatenate(read_images)[..., 0], images)
    assert np.array_equal(np.concatenate(read_labels), labels)
    assert source.test is not None
    assert (source.train.count, source.test.count) == (2500, 7)


def test_images_and_labels_that_do_not_belong_together(handmade):
    folder, images, labels = handmade
    write(folder, "t10k", images[:7], labels[:6])
    with pytest.raises(DataError, match=r"t10k-images.*7 images, but .*6 labels"):
        read_mnist_like(folder, CLASSES)


def test_a_label_beyond_the_classes(handmade):
    folder, _, _ = handmade
    with pytest.raises(DataError, match="label 2; allowed: 0 to 1"):
        read_mnist_like(folder, ("a", "b"))


ARRAY = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (idx(ARRAY, kind=9), "not an idx file"),
        (idx(ARRAY, zeros=1), "not an idx file"),
        (idx(ARRAY[0]), "not an idx file of uint8 with 2 axes"),
        (idx(ARRAY)[:-1], "cut short"),
        (idx(ARRAY)[:6], "cut short"),
        (idx(ARRAY, length=4), "cut short"),
        (idx(ARRAY) + b"x", "longer than its header says"),
    ],
)
def test_a_file_that_is_not_what_its_header_says(tmp_path, content, expected):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(DataError, match=rf"file\.gz: {expected}"):
        list(read_chunks(path, axes=2))


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_gzip_file(tmp_path, damage):
    path = tmp_path / "file.gz"
    packed = gzip.compress(idx(ARRAY))
    # What follows the header of ten bytes is the compressed part, here of a type that is none.
    path.write_bytes(packed[:-9] if damage == "cut" else packed[:10] + b"\xff" + packed[11:])
    with pytest.raises(DataError, match="not a whole gzip file"):
        list(read_chunks(path, axes=2))
