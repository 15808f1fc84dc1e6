import hashlib
import json

import numpy as np
import pytest

from pipeline.data import writing
from pipeline.data.gathering import gather
from pipeline.data.source import Part, Source

NAMES = ("train", "validation", "test")
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (100, 8, 9, 1), dtype=np.uint8)
LABELS, PARTS = RNG.integers(0, 2, 100), RNG.integers(0, 3, 100, dtype=np.int8)


@pytest.fixture
def gathered(tmp_path):
    source = Source(("a", "b"), Part(100, lambda: iter([(LABELS, IMAGES)])))
    return gather(source, tmp_path / "pixels", skip=False)


@pytest.fixture
def split(gathered, tmp_path):
    writing.write(gathered, PARTS, ("a", "b"), tmp_path / "split")
    return tmp_path / "split"


def arrays(folder):
    return [np.load(folder / f"{name}.npy") for name in ("images", "labels")]


def test_each_split_holds_its_own_images_in_order(split):
    for number, name in enumerate(NAMES):
        images, labels = arrays(split / name)
        assert images.dtype == np.uint8 and labels.dtype == np.int64
        assert (images == IMAGES[number == PARTS]).all()
        assert (labels == LABELS[number == PARTS]).all()
        assert json.loads((split / name / "classes.json").read_text()) == ["a", "b"]
    assert sorted(p.name for p in split.iterdir()) == ["test", "train", "validation"]


def test_an_image_of_no_part_is_left_out(gathered, tmp_path):
    parts = PARTS.copy()
    parts[:10] = 3
    writing.write(gathered, parts, ("a", "b"), tmp_path / "split")
    written = np.concatenate([arrays(tmp_path / "split" / name)[0] for name in NAMES])
    assert len(written) == 90
    kept = {image.tobytes() for image in IMAGES[10:]}
    assert {image.tobytes() for image in written} == kept


def test_a_new_split_takes_the_place_of_the_old_one(split, gathered):
    (split / "train" / "left_by_an_older_version.npy").write_text("")
    writing.write(gathered, np.roll(PARTS, 1), ("a", "b"), split)
    images, _ = arrays(split / "train")
    assert (images == IMAGES[np.roll(PARTS, 1) == 0]).all()
    assert len(list((split / "train").iterdir())) == 3


def test_an_interrupted_write_leaves_the_old_split_whole_and_the_next_one_is_not_spoilt(
    split, gathered, monkeypatch
):
    before = [array.tobytes() for name in NAMES for array in arrays(split / name)]

    def cut(self):
        yield 0, IMAGES[:50]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(type(gathered), "chunks", cut)
        writing.write(gathered, np.roll(PARTS, 1), ("a", "b"), split)
    assert [array.tobytes() for name in NAMES for array in arrays(split / name)] == before
    writing.write(gathered, PARTS, ("a", "b"), split)
    assert [array.tobytes() for name in NAMES for array in arrays(split / name)] == before
    assert sorted(p.name for p in split.iterdir()) == ["test", "train", "validation"]


def test_what_is_written_is_counted_and_digested(split):
    found = writing.describe(split / "train", ["a", "b", "c"])
    labels = LABELS[PARTS == 0]
    assert found["images"] == len(labels)
    assert found["shape"] == "8×9×1"
    assert found["per_class"] == [["a", (labels == 0).sum()], ["b", (labels == 1).sum()], ["c", 0]]
    for name in ("images", "labels"):
        content = (split / "train" / f"{name}.npy").read_bytes()
        assert found[f"{name}_sha256"] == hashlib.sha256(content).hexdigest()
