"""The temperature and the interval of the calibration error, on models whose faults are known."""

import numpy as np
import pytest

from pipeline.statistics import temperature
from pipeline.statistics.calibration import (
    bins,
    calibration_error,
    expected_calibration_error,
)


def overconfident(n, heat, seed=0):
    """Draw labels from softmax(logits); return them with softmax(logits * heat), [n, 5]."""
    generator = np.random.default_rng(seed)
    logits = 2 * generator.normal(size=(n, 5))
    labels = (logits + generator.gumbel(size=(n, 5))).argmax(axis=1)
    probabilities = np.exp(logits * heat)
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("heat", [0.6, 1, 2])
def test_the_temperature_is_found_within_its_interval(heat):
    found, low, high = temperature.fit(*overconfident(4000, heat))
    assert low < heat < high and low < found < high
    assert found == pytest.approx(heat, rel=0.06) and high - low < 0.2 * heat


def test_with_it_the_error_is_smaller():
    labels, probabilities = overconfident(4000, 2)
    right = probabilities.argmax(axis=1) == labels
    after = temperature.scaled(probabilities, temperature.fit(labels, probabilities)[0])
    errors = [calibration_error(p.max(axis=1), right) for p in (probabilities, after)]
    assert errors[0].estimate > 0.05 > errors[0].by_chance and errors[0].low > 0.05
    assert errors[1].estimate < 0.02 and errors[1].low == 0


def test_where_all_are_right_the_fit_ends_at_its_bound():
    labels = np.zeros(50, int)
    found, low, _ = temperature.fit(labels, np.tile([0.9, 0.1], (50, 1)))
    assert found == pytest.approx(low, abs=0.02) and low == pytest.approx(temperature.LOWEST)


def test_the_error_is_that_of_the_bins_and_seldom_more_than_chance_for_a_calibrated_model():
    above = 0
    for seed in range(200):
        labels, probabilities = overconfident(400, 1, seed)
        highest = probabilities.max(axis=1)
        right = probabilities.argmax(axis=1) == labels
        found = calibration_error(highest, right)
        assert found.estimate == pytest.approx(expected_calibration_error(bins(highest, right)))
        above += found.estimate > found.by_chance
    assert 0 < above / 200 < 0.1


def test_groups_make_the_interval_wider():
    labels, probabilities = overconfident(300, 2)
    highest, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    once = calibration_error(highest, right, np.arange(300))
    copied = calibration_error(np.repeat(highest, 4), np.repeat(right, 4), np.arange(1200) // 4)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), abs=1e-6)
