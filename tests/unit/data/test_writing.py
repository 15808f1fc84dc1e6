import numpy as np

from pipeline.data import writing
from pipeline.data.gathering import gather
from pipeline.data.source import Part, Source


def test_each_split_holds_its_own_images(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (100, 8, 9, 1), dtype=np.uint8)
    labels, parts = rng.integers(0, 2, 100), rng.integers(0, 3, 100, dtype=np.int8)
    source = Source(("a", "b"), Part(100, lambda: iter([(labels, images)])))
    writing.write(
        gather(source, tmp_path / "pixels", skip=False), parts, source.classes, tmp_path / "split"
    )
    for number, name in enumerate(("train", "validation", "test")):
        written = np.load(tmp_path / "split" / name / "images.npy", mmap_mode="r")
        assert (written == images[parts == number]).all()
        assert (np.load(tmp_path / "split" / name / "labels.npy") == labels[parts == number]).all()
    assert sorted(p.name for p in (tmp_path / "split").iterdir()) == ["test", "train", "validation"]
