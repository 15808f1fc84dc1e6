"""Sizes at which a project is rarely tried: it works, or refuses and names the limit."""

import csv

import numpy as np
import pytest
from PIL import Image

from pipeline.base import paths
from pipeline.base.files import read_csv
from pipeline.config.params import Dataset, Split
from pipeline.data import gathering, splitting
from pipeline.data.source import DataError
from pipeline.datasets import folder
from pipeline.search.columns import TRIAL_COLUMNS
from pipeline.stages import explain


def pictures(root, classes: int, each: int, side: int) -> Dataset:
    """Write noise, and return the settings that read it."""
    rng = np.random.default_rng(0)
    for number in range(classes):
        (root / f"{number:03}").mkdir(parents=True)
        for i in range(each):
            noise = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(noise).save(root / f"{number:03}/{i}.png")
    return Dataset(
        name="folder",
        labels="fine",
        path=root,
        skip_unreadable=False,
        image_size="auto",
        fit="auto",
        channels=3,
    )


@pytest.mark.parametrize(
    ("classes", "each", "side"), [(200, 2, 1), (2, 2, 1), (2, 2, 224), (2, 3, 32)]
)
def test_folders_of_unusual_sizes_are_read(tmp_path, classes, each, side):
    source = folder.read(tmp_path, pictures(tmp_path / "in", classes, each, side))
    gathered = gathering.gather(source, tmp_path / "scratch", skip=False)
    assert len(source.classes) == classes
    assert np.bincount(gathered.labels).tolist() == [each] * classes


@pytest.mark.parametrize(
    ("classes", "each", "said"),
    [(1, 20, "classes with pictures: 1; two or more"), (3, 1, "the only picture of its")],
)
def test_too_few_classes_or_pictures_are_refused_with_the_limit(tmp_path, classes, each, said):
    with pytest.raises(DataError, match=said):
        folder.read(tmp_path, pictures(tmp_path / "in", classes, each, 8))


def test_a_table_of_1000_trials_is_explained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    names = [f"hyperparameter_{i}" for i in range(10)]
    paths.TRIALS.mkdir(parents=True)
    with (paths.TRIALS / "mlp.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(TRIAL_COLUMNS + names)
        for trial in range(1, 1001):
            values = rng.random(10).round(3).tolist()
            status = ("completed", "stopped", "failed")[trial % 7 // 5]
            score = [values[0], 1 - values[0]] if status != "failed" else ["", ""]
            rows.writerow([trial, status, 4, *score, 1000, 2000, "", *values])
    explain.explain("mlp", read_csv(paths.TRIALS / "mlp.csv"))
    with Image.open(paths.SEARCH / "mlp.png") as picture:
        assert max(picture.size) < 5000
    assert read_csv(paths.SEARCH / "mlp.csv")[0]["hyperparameter"] == names[0]


@pytest.mark.parametrize(
    ("classes", "images", "fraction", "said"),
    [
        (200, 2, 1 / 6, "67 of 400 images for test, but each of the 200 .* from 0.5 to 0.5,"),
        (3, 6, 0.999, "18 of 18 images .*: set it from 0.167 to 0.833, add images"),
    ],
)
def test_classes_too_small_to_be_cut_are_refused_with_what_to_do(
    classes, images, fraction, said, tmp_path
):
    n = classes * images
    labels = np.repeat(np.arange(classes), images)
    digests, nothing = np.arange(2 * n, dtype=np.uint64).reshape(n, 2), np.zeros(n, np.uint64)
    official = np.zeros(n, np.int8)
    gathered = gathering.Gathered(tmp_path, (1, 1, 1), labels, official, digests, nothing)
    names = [str(label) for label in range(classes)]
    cuts = Split(
        validation_fraction=0.2,
        test_fraction=fraction,
        random_state=1,
        group_duplicates=False,
        group_by=None,
    )
    with pytest.raises(DataError, match=said):
        splitting.assign(gathered, names, cuts, np.arange(n), grows=False)
