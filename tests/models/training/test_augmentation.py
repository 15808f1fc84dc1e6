import keras
import numpy as np
import pytest

from pipeline.training.augmentation import Augment

SIZE = 6


@pytest.fixture
def images():
    """Twenty images in two colours whose every pixel says which it is."""
    pixels = np.arange(SIZE * SIZE, dtype=np.uint8).reshape(1, SIZE, SIZE, 1)
    return np.tile(np.concatenate([pixels, 100 + pixels], axis=-1), (20, 1, 1, 1))


def varied(images, shift=0, flip=False, cutout=0):
    keras.utils.set_random_seed(1)
    return keras.ops.convert_to_numpy(Augment(shift, flip, cutout)(images, training=True))


def moved(image, rows, columns):
    """Shift by whole pixels, repeating the outermost ones."""
    places = np.arange(SIZE)
    down, right = (np.clip(places + step, 0, SIZE - 1) for step in (rows, columns))
    return image[down][:, right]


def test_images_pass_unchanged_outside_training(images):
    passed = Augment(2, True, 3)(images, training=False)
    assert np.array_equal(keras.ops.convert_to_numpy(passed), images)


def test_each_image_is_shifted_on_its_own_by_no_more_than_allowed(images):
    steps = {}
    for number, image in enumerate(varied(images, shift=2)):
        fitting = [
            (rows, columns)
            for rows in range(-2, 3)
            for columns in range(-2, 3)
            if np.array_equal(image, moved(images[0], rows, columns))
        ]
        assert len(fitting) == 1
        steps[number] = fitting[0]
    assert len(set(steps.values())) > 5
    assert {abs(step) for pair in steps.values() for step in pair} == {0, 1, 2}


def test_about_half_of_the_images_are_mirrored_and_none_is_upside_down(images):
    mirrored = [np.array_equal(image, images[0][:, ::-1]) for image in varied(images, flip=True)]
    same = [np.array_equal(image, images[0]) for image in varied(images, flip=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 4 <= sum(mirrored) <= 16


def test_cutout_blanks_one_square_with_the_mean_colour(images):
    mean = images.mean(axis=(0, 1, 2)).astype(np.uint8)
    sizes = set()
    for image in varied(images, cutout=3):
        rows, columns = np.nonzero((image != images[0]).any(axis=-1))
        assert (image[rows, columns] == mean).all()
        sizes.add((np.ptp(rows) + 1, np.ptp(columns) + 1))
    assert (3, 3) in sizes
    assert max(max(size) for size in sizes) == 3


def test_type_and_shape_stay_whatever_the_size_of_the_batch(images):
    layer = Augment(1, True, 2)
    for count in (1, 7):
        result = layer(images[:count], training=True)
        assert result.shape == (count, SIZE, SIZE, 2)
        assert keras.backend.standardize_dtype(result.dtype) == "uint8"
