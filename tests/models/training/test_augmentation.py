import keras
import numpy as np
import pytest

from pipeline.config.conditions import PLAIN
from pipeline.config.conditions import Augment as Amounts
from pipeline.training.augmentation import Augment, augments, variations

SIZE = 6


@pytest.fixture
def images():
    """Twenty images in two colours whose every pixel says which it is."""
    pixels = np.arange(SIZE * SIZE, dtype=np.uint8).reshape(1, SIZE, SIZE, 1)
    return np.tile(np.concatenate([pixels, 100 + pixels], axis=-1), (20, 1, 1, 1))


def varied(images, shift=0, flip=False, cutout=0, rotation=0.0, zoom=0.0):
    keras.utils.set_random_seed(1)
    layer = Augment(shift, flip, cutout, rotation, zoom)
    return keras.ops.convert_to_numpy(layer(images, training=True))


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


@pytest.fixture
def bars():
    """Two hundred black images of 41×41 pixels, each with a white bar of 21×5 in its middle."""
    image = np.zeros((41, 41, 1), np.uint8)
    image[18:23, 10:31] = 255
    return np.tile(image, (200, 1, 1, 1))


def measured(images):
    """Return each bar's angle in degrees, and its area in pixels."""
    rows, columns = np.mgrid[:41, :41] - 20.0
    weights = images[..., 0] / 255
    area = weights.sum(axis=(1, 2))

    def moment(values):
        return (weights * values).sum(axis=(1, 2)) / area

    mixed, difference = moment(rows * columns), moment(columns**2) - moment(rows**2)
    return np.degrees(np.arctan2(2 * mixed, difference) / 2), area


def test_images_are_turned_evenly_either_way_by_no_more_than_allowed(bars):
    angles, areas = measured(varied(bars, rotation=20.0))
    assert np.abs(angles).max() < 20.5
    assert angles.min() < -15 and angles.max() > 15
    assert areas == pytest.approx(105, rel=0.03)


def test_images_grow_and_shrink_about_their_centre_by_no_more_than_allowed(bars):
    zoomed = varied(bars, zoom=0.2)
    angles, areas = measured(zoomed)
    factors = np.sqrt(areas / 105)
    assert angles == pytest.approx(0, abs=0.5)
    assert 0.78 < factors.min() < 0.85 and 1.15 < factors.max() < 1.22
    assert np.array_equal(zoomed, zoomed[:, ::-1, ::-1])


def test_shift_and_mirror_are_the_same_with_a_rotation_of_nearly_nothing(images):
    for allowed in ({"shift": 2}, {"flip": True}):
        exact = {image.tobytes() for image in varied(np.tile(images, (9, 1, 1, 1)), **allowed)}
        resampled = varied(images, rotation=1e-6, **allowed)
        assert {image.tobytes() for image in resampled} <= exact
        assert len({image.tobytes() for image in resampled}) > 1


def test_a_turned_image_repeats_its_outermost_pixels(images):
    bright = np.full_like(images, 200)
    assert (varied(bright, shift=2, rotation=30.0, zoom=0.3) == 200).all()


def test_rotation_keeps_type_and_shape_whatever_the_size_of_the_batch(images):
    layer = Augment(1, True, 2, 10.0, 0.1)
    for count in (1, 7):
        result = layer(images[:count], training=True)
        assert result.shape == (count, SIZE, SIZE, 2)
        assert keras.backend.standardize_dtype(result.dtype) == "uint8"


def test_a_person_is_shown_several_variations_of_each_image_and_always_the_same(images):
    amounts = Amounts(shift=2, flip=False, cutout=0, rotation=0.0, zoom=0.0)
    conditions = PLAIN.model_copy(update={"augment": amounts})
    shown = variations(images[:2], conditions, 9)
    assert shown.shape == (2, 9, SIZE, SIZE, 2) and shown.dtype == np.uint8
    assert len({image.tobytes() for image in shown[0]}) > 3
    assert np.array_equal(shown, variations(images[:2], conditions, 9))
    assert augments(conditions) and not augments(PLAIN)
