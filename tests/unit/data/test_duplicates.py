import numpy as np
import pytest
from PIL import Image

from pipeline.data import duplicates, hashing, lookalikes
from pipeline.data.gathering import TEST, TRAIN, VALIDATION, Gathered


def scene(seed: int, brighter: int = 0, speckles: int = 0) -> np.ndarray:
    """Make a smooth picture, 28×28×1; the same seed gives the same scene."""
    coarse = np.random.default_rng(seed).integers(0, 200, (5, 5), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(coarse).resize((28, 28), Image.Resampling.BICUBIC))
    pixels = pixels.astype(int) + brighter
    pixels.flat[:speckles] = 255
    return pixels.clip(0, 255).astype(np.uint8)[..., np.newaxis]


def gathered(tmp_path, images: list[np.ndarray], labels: list[int] | None = None) -> Gathered:
    stacked = np.stack(images)
    stacked.tofile(tmp_path / "pixels")
    kinds = {image.tobytes(): number for number, image in reversed(list(enumerate(stacked)))}
    digests = np.array([[kinds[image.tobytes()], 7] for image in stacked], np.uint64)
    return Gathered(
        tmp_path / "pixels",
        (28, 28, 1),
        np.array(labels or [0] * len(images)),
        np.zeros(len(images), np.int8),
        digests,
        hashing.perceptual_hashes(stacked),
    )


def test_exact_duplicates_name_the_first(tmp_path):
    found = duplicates.find(gathered(tmp_path, [scene(i) for i in (0, 1, 0, 2, 1, 0)]))
    assert found.exact.tolist() == [0, 1, 0, 3, 1, 0]
    assert found.near.tolist() == []
    assert len(set(found.groups())) == 3


def test_a_brighter_and_a_speckled_copy_are_near(tmp_path):
    images = [scene(seed) for seed in range(40)]
    images += [scene(3, brighter=20), scene(5, speckles=3)]
    found = duplicates.find(gathered(tmp_path, images))
    assert found.near.tolist() == [[3, 40], [5, 41]]
    groups = found.groups()
    assert groups[3] == groups[40] != groups[5] == groups[41]


def test_of_many_frames_of_one_scene_not_every_pair_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(lookalikes, "MOST_PARTNERS", 5)
    generator = np.random.default_rng(0)
    frames = [scene(1).astype(int) + generator.integers(0, 3, (28, 28, 1)) for _ in range(200)]
    images = gathered(tmp_path, [scene(2), *(frame.astype(np.uint8) for frame in frames)])
    found = duplicates.find(images)
    # About five each of 19,900; pairs that are looked at together may come on top.
    assert 900 < len(found.near) < 1500
    assert len(set(found.groups().tolist())) == 2
    # Partners are chosen by chance and not by place: those of other labels and parts are found.
    labels, parts = np.repeat([0, 1], [100, 101]), np.repeat([TRAIN, TEST], [100, 101])
    counts = duplicates.count(found, labels, parts.astype(np.int8))
    assert counts["near_test_in_train"] > 95
    assert counts["near_other_label"] > 190


def test_counts_within_and_across(tmp_path):
    same, near = [scene(0), scene(0), scene(0)], [scene(1), scene(1, brighter=20)]
    images = [*same, *near, scene(2), scene(3), scene(3)]
    parts = np.array([TRAIN, VALIDATION, TEST, TRAIN, TEST, TRAIN, TRAIN, TRAIN], np.int8)
    labels = [0, 0, 1, 0, 1, 0, 0, 0]
    chosen = gathered(tmp_path, images, labels)
    counts = duplicates.count(duplicates.find(chosen), chosen.labels, parts)
    assert {name: value for name, value in counts.items() if value} == {
        "exact_test_in_train": 1,
        "exact_test_in_validation": 1,
        "exact_validation_in_train": 1,
        "exact_within_train": 2,
        "exact_other_label": 3,
        "near_test_in_train": 1,
        "near_other_label": 2,
    }


@pytest.mark.parametrize("n", [1, 2])
def test_small_sets(tmp_path, n):
    found = duplicates.find(gathered(tmp_path, [scene(i) for i in range(n)]))
    assert (len(found.near), found.not_compared) == (0, 0)
