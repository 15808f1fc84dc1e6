"""Intervals over groups of images: what they cover, and what taking images for single ones does."""

import numpy as np
import pytest

from pipeline.statistics.configurations import difference_of_means
from pipeline.statistics.groups import by_group, p_value, proportion_interval
from pipeline.statistics.paired import mcnemar, paired_difference
from pipeline.statistics.proportions import wilson_interval


def clustered(generator, models, groups=40, most=20, alike=1.5):
    """Draw models' answers, bool [models, n], to images whose groups are easy or hard."""
    place = np.repeat(np.arange(groups), generator.integers(1, most, groups))
    of_group, of_image = generator.normal(size=groups), generator.normal(size=len(place))
    ease = 1.5 + alike * of_group[place] + of_image
    # Each model has its own weak groups.
    ease = ease + 0.7 * generator.normal(size=(models, groups))[:, place]
    return generator.random((models, len(place))) < 1 / (1 + np.exp(-ease)), place


def test_groups_of_one_image_change_nothing():
    scores = np.random.default_rng(0).random((3, 50))
    assert by_group(scores, np.arange(50)) == pytest.approx(scores)
    right = scores[0] < 0.7
    low, high = proportion_interval(right, np.arange(50))
    assert (low, high) == pytest.approx(wilson_interval(int(right.sum()), 50), abs=0.01)


def test_means_are_kept_and_the_variance_is_the_linearised_one():
    scores, groups = clustered(np.random.default_rng(1), 2)
    values = by_group(scores, groups)
    assert values.mean(axis=1) == pytest.approx(scores.mean(axis=1))
    deviations = [(scores[0] - scores[0].mean())[groups == g].sum() for g in range(40)]
    by_hand = 40 / 39 * np.sum(np.square(deviations)) / scores.shape[1] ** 2
    assert values[0].var(ddof=1) / 40 == pytest.approx(by_hand)


def test_the_variance_of_independent_images_is_found_in_large_groups_too():
    right = np.random.default_rng(2).random((1, 100_000)) < 0.8
    values = by_group(right, np.arange(100_000) // 10)
    assert values.var(ddof=1) / 10_000 == pytest.approx(0.8 * 0.2 / 100_000, rel=0.05)


def test_a_copy_of_every_image_makes_no_interval_narrower():
    right = np.random.default_rng(3).random(60) < 0.8
    once = proportion_interval(right, np.arange(60))
    copied = proportion_interval(np.repeat(right, 5), np.repeat(np.arange(60), 5))
    assert copied == pytest.approx(once)
    assert np.subtract(*wilson_interval(5 * int(right.sum()), 300)) > np.subtract(*copied) + 0.05


def test_where_all_are_right_a_group_counts_as_one_image():
    everything = np.ones(300, bool)
    assert proportion_interval(everything, np.arange(300) // 10) == wilson_interval(30, 30)
    assert proportion_interval(everything, None) == wilson_interval(300, 300)


def test_the_intervals_cover_other_groups():
    generator = np.random.default_rng(4)
    truth = np.mean([clustered(generator, 1, groups=20_000)[0].mean() for _ in range(3)])
    wide, narrow, drawn = 0, 0, 300
    for _ in range(drawn):
        (right,), groups = clustered(generator, 1)
        low, high = proportion_interval(right, groups)
        wide += low <= truth <= high
        low, high = wilson_interval(int(right.sum()), len(right))
        narrow += low <= truth <= high
    assert 0.92 <= wide / drawn <= 0.985
    assert narrow / drawn < 0.75


def test_equal_configurations_are_seldom_called_different():
    generator, alarms, careless, drawn = np.random.default_rng(5), 0, 0, 300
    for _ in range(drawn):
        scores, groups = clustered(generator, 6)
        whole = by_group(scores, groups)
        alarms += difference_of_means(whole[:3], whole[3:]).p_value <= 0.05
        careless += paired_difference((scores[3] * 1.0) - scores[0]).p_value <= 0.05
    assert alarms / drawn <= 0.05
    assert careless / drawn > 0.1


def test_two_models_differ_by_whole_groups():
    generator, alarms, drawn = np.random.default_rng(6), 0, 300
    for _ in range(drawn):
        scores, groups = clustered(generator, 2)
        first, second = by_group(scores, groups)
        alarms += paired_difference(second - first).p_value <= 0.05
    assert 0.02 <= alarms / drawn <= 0.08


def test_a_classifier_that_is_ahead_on_one_patient_alone_may_be_so_by_chance():
    first, groups = np.ones(400, bool), np.repeat(np.arange(20), 20)
    second = groups > 0
    assert p_value(first, second, None) == mcnemar(0, 20) < 0.001
    assert p_value(first, second, groups) > 0.05
    assert p_value(first, first, groups) == 1
