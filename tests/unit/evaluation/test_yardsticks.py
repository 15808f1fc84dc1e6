import numpy as np
import pytest

from pipeline.evaluation import yardsticks

STRIPES, COLOURS = "stripes", "colours"


def pictures(kind, count, seed, channels=3):
    """Return noisy images of two classes that differ in the direction of stripes, or in colour."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = random.integers(0, 60, (count, 32, 32, channels))
    for image, label in zip(images, labels, strict=True):
        start = random.integers(8)
        if kind == STRIPES:
            image[start::8] += 120
            if label:
                image[:] = image.transpose(1, 0, 2)
        else:
            image[..., label] += 120
    return images.astype(np.uint8), labels


def judged(kind, channels=3):
    train, validation, test = (pictures(kind, n, n, channels) for n in (80, 20, 40))
    return yardsticks.gradients_and_colours(*train, *validation, test[0]).predicted, test[1]


@pytest.mark.parametrize("channels", [1, 3])
def test_stripes_are_told_apart_by_their_direction_in_grey_and_in_colour(channels):
    predicted, actual = judged(STRIPES, channels)
    assert np.array_equal(predicted, actual)


def test_colours_are_told_apart_where_the_gradients_say_nothing():
    predicted, actual = judged(COLOURS)
    assert np.array_equal(predicted, actual)


def test_answers_are_the_same_twice():
    first, second = (judged(STRIPES)[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_of_many_images_some_are_used_and_classes_keep_their_shares():
    used = yardsticks.evenly(np.repeat([0, 1, 2], [100, 60, 40]), 40)
    assert len(set(used)) == 40
    assert np.histogram(used, [0, 100, 160, 200])[0].tolist() == [20, 12, 8]


def test_images_of_eight_pixels_a_side_are_large_enough():
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1)).astype(np.uint8)
    labels = np.arange(12) % 2
    answer = yardsticks.gradients_and_colours(images, labels, images, labels, images)
    assert answer.predicted.shape == (12,)


def test_the_largest_class_answers_everything_and_of_equals_the_first():
    answer = yardsticks.largest_class(np.array([2, 1, 1, 2]), 3)
    assert answer.predicted.tolist() == [1, 1, 1]
