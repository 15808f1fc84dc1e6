import numpy as np
import pytest

from pipeline.statistics.calibration import bins, expected_calibration_error


def test_the_error_by_hand():
    # Three images at 0.95, of which two are right, and one at 0.5 that is right.
    probability = np.array([0.95, 0.95, 0.95, 0.5])
    found = bins(probability, np.array([True, True, False, True]))
    assert [(b.images, b.begin, b.end) for b in found] == [(1, 0.4, 0.5), (3, 0.9, 1.0)]
    assert expected_calibration_error(found) == pytest.approx(
        (1 * abs(1 - 0.5) + 3 * abs(2 / 3 - 0.95)) / 4
    )


def test_perfect_calibration_has_a_small_error_and_false_certainty_a_large_one():
    rng = np.random.default_rng(0)
    probability = rng.uniform(0, 1, 100_000)
    right = rng.random(100_000) < probability
    assert expected_calibration_error(bins(probability, right)) < 0.01
    wrong = np.zeros(100_000, bool)
    assert expected_calibration_error(bins(np.ones(100_000), wrong)) == 1


def test_every_image_is_in_one_bin():
    probability = np.linspace(0, 1, 101)
    found = bins(probability, probability > 0.5)
    assert sum(each.images for each in found) == 101
    assert all(each.begin <= each.confidence <= each.end for each in found)
    assert all(each.low - 1e-9 <= each.accuracy <= each.high + 1e-9 for each in found)


def test_images_of_one_patient_make_the_intervals_of_the_bins_wider():
    probability, correct = np.full(200, 0.75), np.arange(200) < 150
    (alone,) = bins(probability, correct)
    (grouped,) = bins(probability, correct, np.arange(200) // 20)
    assert grouped.accuracy == alone.accuracy
    assert grouped.low < alone.low < alone.high < grouped.high
