import numpy as np
import pytest

from pipeline.evaluation import comparison
from pipeline.evaluation.comparison import Judged


def judged(*rows, released=0):
    """Make a configuration for labels 0, 1, 2, ... modulo 10 from rows of "is it right"."""
    actual = np.arange(len(rows[0])) % 10
    seeds = np.where(np.array(rows), actual, (actual + 1) % 10)
    return Judged(actual, seeds[released], np.where(rows[released], 0.1, 2.0), seeds)


def right(n, *wrong):
    row = np.ones(n, bool)
    row[list(wrong)] = False
    return row


def test_one_seed_compares_the_two_models():
    first, second = judged(right(400, *range(20))), judged(right(400, *range(15, 19)))
    found = comparison.verdict(first, second, margin=0.005)
    assert (found.word, found.asked) == ("better", "models")
    assert (found.fixed, found.broken) == (16, 0)
    assert found.difference == pytest.approx(16 / 400)
    assert found.p_value == found.exact_p_value == pytest.approx(2 * 0.5**16)


def test_a_lucky_released_model_does_not_give_the_word():
    # Released models differ clearly, the configurations do not: other seeds say the contrary.
    good, bad = right(400, 0), right(400, *range(25))
    first, second = judged(bad, good, good), judged(good, bad, good)
    found = comparison.verdict(first, second, margin=0.005)
    assert found.exact_p_value < 0.001
    assert (found.word, found.asked) == ("undecided", "configurations")


def test_swapping_the_sides_turns_better_into_worse():
    first = judged(*(right(400, *range(20 + k)) for k in range(3)))
    second = judged(*(right(400, *range(2 + k)) for k in range(3)))
    forth = comparison.verdict(first, second, 0.005)
    back = comparison.verdict(second, first, 0.005)
    assert (forth.word, back.word) == ("better", "worse")
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))
    assert (forth.fixed, forth.broken) == (back.broken, back.fixed)


def test_the_same_predictions_are_equivalent_however_few_images():
    models = judged(right(20, 3), right(20, 4))
    found = comparison.verdict(models, models, margin=0.001)
    assert (found.word, found.low, found.high) == ("equivalent", 0, 0)


def test_one_test_image_leaves_all_undecided():
    first, second = judged([True], [True]), judged([False], [False])
    found = comparison.verdict(first, second, margin=0.005)
    assert (found.word, found.asked, found.broken) == ("undecided", "models", 1)


def test_metrics_have_intervals_around_their_differences():
    first, second = judged(right(1000, *range(100))), judged(right(1000, *range(50)))
    rows = {row.name: row for row in comparison.metric_differences(first, second, 10)}
    accuracy, loss = rows["accuracy"], rows["log loss"]
    assert (accuracy.first, accuracy.second) == pytest.approx((0.90, 0.95))
    assert accuracy.low < 0.05 < accuracy.high
    assert loss.second - loss.first == pytest.approx(-0.05 * 1.9)
    assert loss.high < 0
    assert rows["macro F1"].low > 0


def test_only_the_class_that_changed_stands_out():
    n = 1000
    first = judged(right(n, *range(3, n, 10)))
    second = judged(right(n))
    rows = comparison.class_differences(first, second, 10)
    assert [row.label for row in rows if row.p_value <= 0.05] == [3]
    assert (rows[3].images, rows[3].fixed, rows[3].broken) == (100, 100, 0)
