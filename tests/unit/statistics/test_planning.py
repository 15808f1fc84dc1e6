import numpy as np
import pytest

from pipeline.statistics.configurations import Difference, difference_of_means
from pipeline.statistics.planning import detectable, seeds_that_settle

MARGIN = 0.005


def found(estimate, seeds, images, freedom=4.0):
    return Difference(estimate, estimate - 1, estimate + 1, 0.5, freedom, seeds, images)


def test_more_seeds_settle_what_seeds_make_uncertain():
    few = seeds_that_settle(found(0.01, 0.008, 0.001), 3, MARGIN)
    many = seeds_that_settle(found(0.01, 0.016, 0.001), 3, MARGIN)
    assert 3 < few < many


def test_pairs_need_more_seeds_for_the_same_standard_error():
    one = found(0.01, 0.008, 0.001)
    assert seeds_that_settle(one, 3, MARGIN) < seeds_that_settle(one, 3, MARGIN, paired=True)


def test_sides_that_are_about_equal_become_equivalent_with_more_seeds():
    equal = found(0.0002, 0.006, 0.001)
    more = seeds_that_settle(equal, 3, MARGIN)
    assert more is not None and more > 3
    assert seeds_that_settle(equal, 3, 2 * MARGIN) < more
    assert seeds_that_settle(equal, 3, 0.001) is None


def test_no_number_of_seeds_settles_what_the_images_leave_open():
    assert seeds_that_settle(found(0.01, 0.001, 0.006), 3, MARGIN) is None


def test_a_difference_that_can_be_detected_is_found_in_four_cases_of_five():
    """Simulate: seeds that vary, and as many images as make no difference."""
    generator = np.random.default_rng(1)
    n, spread, seeds = 20_000, 0.01, 10

    def compared(shift):
        skill = generator.normal([[0.8], [0.8 + shift]], spread, (2, seeds))
        first, second = generator.random((2, seeds, n)) < skill[:, :, None]
        return difference_of_means(first, second)

    least = np.mean([detectable(compared(0)) for _ in range(40)])
    hits = [compared(least).p_value <= 0.05 for _ in range(200)]
    assert np.mean(hits) == pytest.approx(0.8, abs=0.1)
