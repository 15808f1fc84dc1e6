"""Stages `check`, `download` and `split` on a folder of pictures: what is written and said."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.project import TINY, write_params

from pipeline.config import params
from pipeline.data.source import DataError
from pipeline.stages import check, download, split

NAMES = ("train", "validation", "test")


def picture(path, seed, size=(24, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """Make 20 pictures each of cats and dogs, one of them in both classes."""
    monkeypatch.chdir(tmp_path)
    for seed in range(40):
        picture(Path("pets", ("cat", "dog")[seed % 2], f"{seed}.png"), seed)
    picture(Path("pets/dog/also a cat.png"), 0)
    return Path("pets")


def run(*stages, **dataset):
    write_params(Path(), TINY | {"dataset": {"name": "folder", "path": "pets", **dataset}})
    for stage in stages:
        stage.main(params.load())
    return json.loads(Path("results/data.json").read_text()) if split in stages else None


def files(part):
    with Path("data/split", part, "files.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_each_part_names_the_file_of_every_image(pets):
    run(split, image_size=24)
    for name in NAMES:
        images = np.load(f"data/split/{name}/images.npy")
        rows = files(name)
        assert [row["index"] for row in rows] == [str(i) for i in range(len(images))]
        for image, row in zip(images, rows, strict=True):
            squashed = Image.open(pets / row["file"]).resize((24, 24), Image.Resampling.BICUBIC)
            assert (image == np.asarray(squashed)).all()


def test_the_test_images_stay_the_same_when_size_channels_or_fit_change(pets):
    run(split, image_size=24)
    before = {name: files(name) for name in NAMES}
    for way in ({"image_size": 64}, {"channels": 1}, {"fit": "pad"}, {"image_size": "auto"}):
        run(split, **way)
        assert {name: files(name) for name in NAMES} == before


def test_near_duplicates_are_the_same_at_every_size(pets):
    for seed in range(6):
        picture(pets / "cat" / f"copy of {seed}.jpg", seed, (30, 50))
    found = [run(split, **way)["duplicates"] for way in ({"image_size": 16}, {"fit": "crop"})]
    assert found[0] == found[1]
    assert sum(count for name, count in found[0].items() if name.startswith("near")) > 5


def test_duplicates_are_named_and_wrong_labels_are_said(pets, capsys):
    report = run(split)
    assert "note: 2 images have an exact duplicate of another class" in capsys.readouterr().out
    ((one, other),) = report["other_label_files"]
    assert {one.partition(": ")[2], other.partition(": ")[2]} == {
        "cat/0.png",
        "dog/also a cat.png",
    }
    assert [one, other] in report["duplicate_files"]


def test_what_is_left_out_is_counted_in_pictures_and_said(pets, capsys):
    for name in ("a", "b"):
        (pets / "cat" / f"{name}.png").write_bytes(b"nothing")
    (pets / "cat" / "notes.txt").touch()
    report = run(split, skip_unreadable=True)
    assert "note: left out 2 pictures and 1 other entries" in capsys.readouterr().out
    assert report["skipped"] == 2
    assert sum(report[name]["images"] for name in NAMES) == 41


def test_the_image_size_that_is_chosen_is_said_with_its_reason(pets, capsys):
    report = run(split, image_size="auto", fit="pad")
    said = capsys.readouterr().out
    assert report["pictures"]["image_size"] == 28
    assert report["train"]["shape"] == "28×28×3"
    assert f"image size: 28, {report['pictures']['image_size_reason']}; fit: pad" in said
    assert report["pictures"]["folder"] == "pets"


def test_classes_without_test_or_validation_images_are_said(pets, capsys):
    for part in ("train", "val", "test"):
        for seed in range(4):
            picture(pets.parent / "parts" / part / ("cat", "dog")[seed % 2] / f"{seed}.png", seed)
    for part in ("val", "test"):
        for file in (pets.parent / "parts" / part / "dog").iterdir():
            file.unlink()
        (pets.parent / "parts" / part / "dog").rmdir()
    run(split, path="parts")
    said = capsys.readouterr().out
    assert "note: no test images of dog: these classes will not be judged" in said
    assert "note: no validation images of dog" in said


def test_a_wrong_path_is_refused_before_dvc_looks_for_it(pets):
    with pytest.raises(DataError, match=r"dataset\.path = 'pet': no such folder; did you mean pe"):
        run(check, path="pet")
    assert not Path("data/checked").exists()
    run(check)
    assert Path("data/checked").exists()


def test_the_folder_is_looked_for_whatever_the_data_set_is_as_dvc_does(pets):
    with pytest.raises(DataError, match=r"dataset\.path = 'pet': no such folder"):
        run(check, name="digits", path="pet")
    run(check, name="digits")
    assert Path("data/checked").exists()


def test_where_nothing_is_downloaded_the_folder_is_not_empty(pets):
    run(download)
    (marker,) = Path("data/raw").iterdir()
    assert "Nothing is downloaded" in marker.read_text()


@pytest.mark.parametrize("value", [7, 1025, True, "Auto", 32.0, None])
def test_an_image_size_that_is_none_is_refused(pets, value):
    with pytest.raises(params.ParamsError, match=r"dataset\.image_size = .*: allowed: auto, or"):
        run(check, image_size=value)
