"""A folder of one's own pictures under DVC: what reruns, and what does not."""

import json
import os

import numpy as np
import pytest
from dvc.repo import Repo
from PIL import Image
from support.project import TINY, run

pytestmark = pytest.mark.slow


def picture(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


def affected(clone):
    """Ask DVC which of the stages that have been run it would run again."""
    with Repo(str(clone)) as repo:
        found = {name.rpartition(":")[2] for name in repo.status()}
    return found & {"check", "download", "split"}


@pytest.fixture(scope="module")
def divided(make_clone):
    """Give a clone whose data set is a folder, divided by `dvc repro split`."""
    clone = make_clone({**TINY, "dataset": {"name": "folder"}})
    for seed in range(40):
        picture(clone / "data/images" / ("cat", "dog")[seed % 2] / f"{seed}.png", seed)
    run("dvc", "repro", "split", cwd=clone)
    return clone


def test_the_pictures_are_not_in_git(divided):
    assert "data/images/" not in run("git", "status", "-s", "-uall", cwd=divided).stdout


def test_an_untouched_folder_reruns_nothing_and_a_changed_one_reruns_from_split(divided):
    assert affected(divided) == set()
    folder = divided / "data/images"
    first = folder / "cat/0.png"
    os.utime(first, (0, 0))
    assert affected(divided) == set()

    before = first.read_bytes()
    picture(first, 100)
    assert affected(divided) == {"split"}
    first.write_bytes(before)
    assert affected(divided) == set()

    picture(folder / "dog/new.png", 101)
    assert affected(divided) == {"split"}
    (folder / "dog/new.png").unlink()
    first.unlink()
    assert affected(divided) == {"split"}
    first.write_bytes(before)
    assert affected(divided) == set()


def test_an_added_picture_moves_one_old_test_image_at_most_and_keeps_the_share(divided):
    def test_images():
        images = np.load(divided / "data/split/test/images.npy")
        return {image.tobytes() for image in images}

    for seed in (200, 201):
        before = test_images()
        picture(divided / "data/images" / ("cat", "dog")[seed % 2] / f"a{seed}.png", seed)
        run("dvc", "repro", "split", cwd=divided)
        after = test_images()
        assert len(before - after) <= 1
        # A fifth of 20 or 21 pictures in each of two classes.
        assert len(after) == 8


def test_a_bad_picture_stops_the_stage_with_its_name_and_leaves_no_half_split(divided):
    bad = divided / "data/images/cat/bad.png"
    bad.write_bytes(b"not a picture")
    failed = run("dvc", "repro", "split", cwd=divided, check=False)
    bad.unlink()
    assert failed.returncode != 0
    assert "data/images/cat/bad.png: not a JPEG" in failed.stdout
    assert "Traceback" not in failed.stdout
    assert not list((divided / "data/split").glob(".*"))
    run("dvc", "repro", "split", cwd=divided)
    report = json.loads((divided / "results/data.json").read_text())
    assert report["skipped"] == 0
