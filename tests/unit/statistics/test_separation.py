"""The area under the ROC curve and its intervals, against other ways to compute them."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.statistics.separation import area, curve


def drawn(generator, m=40, n=90, shift=1.2):
    positive = np.arange(m + n) < m
    return positive, generator.normal(size=m + n) + shift * positive


def test_the_area_is_scikit_learns_also_with_ties():
    positive, scores = drawn(np.random.default_rng(0))
    for values in (scores, scores.round(0)):
        assert area(positive, values)[0] == pytest.approx(roc_auc_score(positive, values))


def test_the_variance_is_delongs():
    positive, scores = drawn(np.random.default_rng(1))
    wins = scores[positive][:, np.newaxis] > scores[~positive]
    variance = wins.mean(axis=1).var(ddof=1) / 40 + wins.mean(axis=0).var(ddof=1) / 90
    found, low, high = area(positive, scores)
    half = 1.959964 * np.sqrt(variance) / (found * (1 - found))
    logit = np.log(found / (1 - found))
    ends = 1 / (1 + np.exp(-(logit + np.array([-half, half]))))
    assert (low, high) == pytest.approx(tuple(ends), abs=1e-6)


def test_the_interval_covers_the_true_area():
    generator, drawings = np.random.default_rng(2), 400
    truth = (
        0.8019  # of two normal distributions 1.2 apart: the normal distribution at 1.2 / sqrt(2)
    )
    found = [area(*drawn(generator)) for _ in range(drawings)]
    assert 0.92 <= np.mean([low <= truth <= high for _, low, high in found]) <= 0.98


def test_copies_in_groups_make_no_interval_narrower():
    positive, scores = drawn(np.random.default_rng(3))
    once = area(positive, scores)
    again = np.repeat(positive, 4), np.repeat(scores, 4)
    assert area(*again, np.repeat(np.arange(130), 4)) == pytest.approx(once, abs=0.002)
    assert np.ptp(area(*again)[1:]) < 0.6 * np.ptp(once[1:])


def test_perfect_separation_has_an_interval_that_more_images_make_narrower():
    few, many = (area(np.arange(2 * n) < n, -np.arange(2 * n)) for n in (10, 100))
    assert few[0] == few[2] == many[2] == 1 and 0.6 < few[1] < 0.9 < 0.95 < many[1] < 1
    worst = area(np.arange(20) < 10, np.arange(20))
    assert worst[:2] == (0, 0) and worst[2] == pytest.approx(1 - few[1])
    assert area(np.ones(5, bool), np.arange(5)) is None


def test_the_curve_has_few_points_and_keeps_its_area():
    positive, scores = drawn(np.random.default_rng(4), 3000, 3000)
    points = curve(positive, scores, 200)
    assert len(points) <= 200
    assert points[0].tolist() == [0, 0] and points[-1].tolist() == [1, 1]
    assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(
        roc_auc_score(positive, scores), abs=0.002
    )
