import numpy as np
import pytest

from pipeline.config.params import Split
from pipeline.data import duplicates, splitting
from pipeline.data.gathering import TEST, TRAIN, VALIDATION, Gathered, gather
from pipeline.data.source import DataError, Part, Source
from pipeline.data.splitting import LEFT_OUT

CLASSES = ("a", "b", "c")


def cuts(**changes) -> Split:
    values = {"validation_fraction": 0.25, "test_fraction": 0.2, "random_state": 3}
    return Split(**{**values, "group_duplicates": False, "group_by": None, **changes})


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 9, 1), dtype=np.uint8)


def part(images: np.ndarray, labels: np.ndarray | None = None) -> Part:
    labels = np.arange(len(images)) % len(CLASSES) if labels is None else labels

    def chunks():
        for start in range(0, len(images), 7):
            yield labels[start : start + 7].astype(np.int64), images[start : start + 7]

    return Part(len(images), chunks)


def gathered(tmp_path, train: np.ndarray, **parts) -> Gathered:
    others = {name: part(images) for name, images in parts.items()}
    return gather(Source(CLASSES, part(train), **others), tmp_path / "pixels", skip=False)


def assign(all_images: Gathered, *, grows: bool = False, **changes) -> np.ndarray:
    settings = cuts(**changes)
    groups = np.arange(len(all_images))
    if settings.group_duplicates:
        groups = duplicates.find(all_images).groups()
    return splitting.assign(all_images, CLASSES, settings, groups, grows=grows)


def test_both_cuts_are_stratified_counts(tmp_path):
    images = gathered(tmp_path, noise(300))
    parts = assign(images)
    for label in range(3):
        counts = np.bincount(parts[images.labels == label], minlength=3)
        assert counts.tolist() == [60, 20, 20]


def test_official_parts_stay_as_they_are(tmp_path):
    images = gathered(tmp_path, noise(40), validation=noise(5, 1), test=noise(9, 2))
    assert assign(images).tolist() == [TRAIN] * 40 + [VALIDATION] * 5 + [TEST] * 9


@pytest.mark.parametrize("seed", range(3))
def test_added_images_move_no_old_one_across_in_large_classes(tmp_path, seed):
    images = noise(20_000)
    before = assign(gathered(tmp_path, images[::2]), grows=True, random_state=seed)
    order = np.random.default_rng(seed).permutation(len(images))
    after = np.empty(len(images), int)
    after[order] = assign(gathered(tmp_path, images[order]), grows=True, random_state=seed)
    assert ((before == TEST) == (after[::2] == TEST)).all()
    assert 0.18 < (after == TEST).mean() < 0.22


def one_class(path, count):
    labels = np.concatenate([np.zeros(count, int), [1, 1, 1]])
    images = np.concatenate([noise(count), noise(3, 1)])
    return gather(Source(CLASSES[:2], part(images, labels)), path, skip=False)


def test_each_added_image_moves_one_old_one_at_most(tmp_path):
    before, moved = None, []
    for count in range(20, 320, 3):
        found = splitting.assign(
            one_class(tmp_path / "a", count), "ab", cuts(), np.arange(count + 3), grows=True
        )
        after = found[:count] == TEST
        if before is not None:
            moved.append((before != after[: len(before)]).sum())
        before = after
    assert max(moved) <= 3
    assert 0 < sum(moved) < 100


@pytest.mark.parametrize("seed", range(3))
def test_every_class_keeps_its_share_whatever_the_order(tmp_path, seed):
    labels = np.repeat([0, 1, 2], [32, 124, 11])
    images = noise(len(labels))
    source = Source(CLASSES, part(images, labels))
    parts = assign(gather(source, tmp_path / "a", skip=False), grows=True, random_state=seed)
    for label, wanted in enumerate([6.4, 24.8, 2.2]):
        count = (parts[labels == label] == TEST).sum()
        assert abs(count - wanted) <= max(0.5, 0.1 * wanted)
    order = np.random.default_rng(seed).permutation(len(labels))
    mixed = gather(Source(CLASSES, part(images[order], labels[order])), tmp_path / "b", skip=False)
    again = np.empty(len(labels), int)
    again[order] = assign(mixed, grows=True, random_state=seed)
    assert ((parts == TEST) == (again == TEST)).all()


@pytest.mark.parametrize("grows", [False, True])
def test_of_groups_of_any_size_the_images_are_shared_out(tmp_path, grows):
    """A few scenes of many frames, and single images, in each class."""
    frames = np.repeat(np.arange(24), np.tile([1, 1, 1, 1, 1, 1, 13, 17], 3))
    images, labels = noise(24)[frames], np.repeat([0, 1, 2], 36)
    found = gather(Source(CLASSES, part(images, labels)), tmp_path / "pixels", skip=False)
    for seed in range(4):
        parts = assign(found, grows=grows, group_duplicates=True, random_state=seed)
        for label in range(3):
            own = parts[labels == label]
            # A fifth of 36, then a quarter of the rest; the smallest scene has 13 frames.
            assert abs((own == TEST).sum() - 7.2) <= 6
            assert abs((own == VALIDATION).sum() - 7.2) <= 6


def test_equal_images_with_different_labels_never_part_either(tmp_path):
    images = np.concatenate([noise(60), noise(60)])
    labels = np.concatenate([np.zeros(60, int), np.ones(60, int)])
    labels[:3] = 2
    found = gather(Source(CLASSES, part(images, labels)), tmp_path / "pixels", skip=False)
    test = assign(found, grows=True) == TEST
    assert (test[:60] == test[60:]).all()


def test_the_seed_changes_which_images_are_for_testing(tmp_path):
    images = gathered(tmp_path, noise(400))
    one, two = (assign(images, grows=True, random_state=seed) == TEST for seed in (1, 2))
    assert 0 < (one & two).sum() < one.sum()


def test_equal_images_never_part_where_the_cut_goes_by_digest(tmp_path):
    images = gathered(tmp_path, np.concatenate([noise(200), noise(200)]))
    test = assign(images, grows=True) == TEST
    assert (test[:200] == test[200:]).all()


@pytest.mark.parametrize("grows", [False, True])
def test_groups_stay_on_one_side(tmp_path, grows):
    twice = gathered(tmp_path, np.concatenate([noise(99), noise(99)]))
    parts = assign(twice, grows=grows, group_duplicates=True)
    assert (parts[:99] == parts[99:]).all()
    assert set(parts) == {TRAIN, VALIDATION, TEST}
    loose = assign(twice, group_duplicates=False)
    assert (loose[:99] != loose[99:]).any()


def test_training_images_that_are_official_test_images_are_left_out(tmp_path):
    test = noise(6, 1)
    images = gathered(tmp_path, np.concatenate([noise(30), test[:3]]), test=test)
    parts = assign(images, group_duplicates=True)
    assert np.flatnonzero(parts == LEFT_OUT).tolist() == [30, 31, 32]
    assert (parts[33:] == TEST).all()


@pytest.mark.parametrize("grows", [False, True])
def test_a_class_with_one_image_is_an_error(tmp_path, grows):
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2])
    source = Source(CLASSES, part(noise(9), labels))
    images = gather(source, tmp_path / "pixels", skip=False)
    with pytest.raises(DataError, match="one image left of c to divide"):
        assign(images, grows=grows)


def test_a_share_too_small_for_the_classes_is_named(tmp_path):
    with pytest.raises(DataError, match=r"split\.test_fraction = 0\.01: 1 of 60 images"):
        assign(gathered(tmp_path, noise(60)), test_fraction=0.01)


def test_a_class_without_training_images_is_named(tmp_path):
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    train, test = part(noise(8), labels), part(noise(2, 1), np.array([2, 2]))
    images = gather(Source(CLASSES, train, test=test), tmp_path / "pixels", skip=False)
    with pytest.raises(DataError, match=r"no training images left of c\. Add images of it"):
        assign(images)


def test_a_test_set_that_the_digests_leave_empty_is_refused(tmp_path):
    few = gathered(tmp_path, noise(9))
    with pytest.raises(
        DataError, match=r"no test images: split\.test_fraction = 0\.001 with split"
    ):
        assign(few, grows=True, test_fraction=0.001, validation_fraction=0.34)


def test_official_validation_images_that_are_all_test_images_are_refused(tmp_path):
    same = noise(6, 1)
    images = gathered(tmp_path, noise(30), validation=same[:3], test=same)
    with pytest.raises(DataError, match="no validation images left: each has a duplicate among"):
        assign(images, group_duplicates=True)


def test_images_of_different_shapes_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"images of \(5, 5, 3\) among images of \(8, 9, 1\)"):
        gathered(tmp_path, noise(10), test=np.zeros((2, 5, 5, 3), np.uint8))
