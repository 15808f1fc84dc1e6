import numpy as np
import pytest
from PIL import Image

from pipeline.data import duplicates, hashing
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


def test_the_bands_find_every_pair_that_comparing_all_finds():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 300, dtype=np.uint64)
    flips = [rng.choice(64, k, replace=False) for k in rng.integers(0, 7, 300)]
    hashes[150:] = hashes[:150] ^ np.array(
        [sum(1 << int(bit) for bit in bits) for bits in flips[:150]], np.uint64
    )
    pairs, skipped = duplicates._alike(hashes)
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None])
    expected = np.argwhere(np.triu(distance <= duplicates.MOST_BITS, 1))
    assert len(expected) > 50
    assert (pairs.tolist(), skipped) == (expected.tolist(), 0)


def test_buckets_too_large_are_counted_not_passed_over_in_silence(monkeypatch):
    monkeypatch.setattr(duplicates, "LARGEST_BUCKET", 10)
    pairs, skipped = duplicates._alike(np.zeros(30, np.uint64))
    assert (len(pairs), skipped) == (0, 30)


def test_pairs_come_in_pieces_without_loss(monkeypatch):
    hashes = np.repeat(np.random.default_rng(0).integers(0, 2**63, 20, dtype=np.uint64), 4)
    whole, _ = duplicates._alike(hashes)
    monkeypatch.setattr(duplicates, "RUNS_AT_ONCE", 3)
    pieces, _ = duplicates._alike(hashes)
    assert len(whole) == 20 * 6
    assert (pieces == whole).all()


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
