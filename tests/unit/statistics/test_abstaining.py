"""The threshold keeps what it states, and none is stated that cannot be shown."""

import numpy as np
import pytest

from pipeline.statistics import abstaining


def drawn(random, n):
    """Return n probabilities, and answers that are correct exactly as often as these say."""
    probability = random.beta(4, 1, n)
    return probability, random.random(n) < probability


def test_all_correct_needs_as_many_images_as_the_precision_asks_for():
    # 0.95 ** 58 > 0.05 >= 0.95 ** 59: fewer than 59 correct answers show nothing.
    for n, expected in ((58, None), (59, (0.5, 1.0))):
        probability = np.full(n, 0.5)
        assert abstaining.threshold(probability, np.ones(n, bool), 0.95) == expected


def test_the_lowest_threshold_that_keeps_it():
    # The 200 surest are all correct; of the others half are.
    probability = np.linspace(1, 0.5, 400)
    correct = np.concatenate([np.ones(200, bool), np.arange(200) % 2 == 0])
    least, answered = abstaining.threshold(probability, correct, 0.95)
    assert 0.5 <= answered < 0.53
    assert (probability >= least).mean() == answered


def test_images_of_one_probability_are_answered_together():
    probability = np.concatenate([np.full(100, 0.9), np.full(100, 0.8)])
    correct = np.concatenate([np.ones(100, bool), np.arange(100) > 50])
    assert abstaining.threshold(probability, correct, 0.95) == (0.9, 0.5)


@pytest.mark.parametrize("precision", [0.8, 0.9, 0.95])
def test_the_precision_is_kept_with_the_stated_confidence(precision):
    """Of many choices at most one in twenty keeps less on a great many other images."""
    random = np.random.default_rng(7)
    judged, right = drawn(random, 200_000)
    kept, chosen, runs = 0, 0, 400
    for _ in range(runs):
        found = abstaining.threshold(*drawn(random, 500), precision)
        if found is not None:
            chosen += 1
            kept += right[judged >= found[0]].mean() >= precision
    assert chosen > 100
    # Two standard errors below the 95 % that are stated.
    assert kept / chosen > 0.95 - 2 * np.sqrt(0.95 * 0.05 / chosen)
