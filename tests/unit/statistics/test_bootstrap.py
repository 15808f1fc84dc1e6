import numpy as np
import pytest

from pipeline.statistics.bootstrap import bootstrap
from pipeline.statistics.groups import by_group
from pipeline.statistics.paired import tango_interval


def test_of_accuracy_it_agrees_with_the_score_interval():
    change = np.zeros(2000)
    change[:60], change[60:90] = 1, -1
    interval = bootstrap(lambda weights: weights @ change / 2000, 2000)
    assert interval == pytest.approx(tango_interval(60, 30, 2000), abs=1e-3)


def test_groups_are_drawn_as_a_whole():
    generator = np.random.default_rng(7)
    groups = np.repeat(np.arange(200), generator.integers(1, 20, 200))
    ease = generator.normal(size=200)[groups] + generator.normal(size=len(groups))
    scores, drawn = (ease > -1).astype(float), []

    def mean(weights):
        drawn.append(weights)
        return weights @ scores / weights.sum(axis=1)

    low, high = bootstrap(mean, len(scores), groups)
    error = by_group(scores[np.newaxis], groups).std(ddof=1) / np.sqrt(200)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert all(len(np.unique(drawn[0][:, groups == g], axis=1).T) == 1 for g in range(200))


def test_groups_of_one_image_are_images():
    scores = np.random.default_rng(8).random(100)

    def mean(weights):
        return weights @ scores / weights.sum(axis=1)

    assert np.array_equal(bootstrap(mean, 100), bootstrap(mean, 100, np.arange(100)))
