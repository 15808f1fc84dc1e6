from dataclasses import replace

import numpy as np
import pytest

from pipeline.evaluation import comparison
from pipeline.evaluation.by_class import class_differences
from pipeline.evaluation.comparison import Judged
from pipeline.report import wording
from pipeline.statistics.rule import Margin, Rule

RULE = Rule("accuracy", Margin(0.005, relative=False))


def judged(*rows, released=0):
    """Make a configuration for labels 0, 1, 2, ... modulo 10 from rows of "is it right"."""
    actual = np.arange(len(rows[0])) % 10
    seeds = np.where(np.array(rows), actual, (actual + 1) % 10)
    losses = np.where(np.array(rows), 0.1, 2.0)
    return Judged(actual, seeds[released], losses[released], seeds, losses)


def right(n, *wrong):
    row = np.ones(n, bool)
    row[list(wrong)] = False
    return row


def test_one_seed_compares_the_two_models():
    first, second = judged(right(400, *range(20))), judged(right(400, *range(15, 19)))
    found = comparison.verdict(first, second, RULE)
    assert (found.word, found.asked) == ("better", "models")
    assert (found.fixed, found.broken) == (16, 0)
    assert found.difference == pytest.approx(16 / 400)
    assert found.p_value == found.released_p_value == pytest.approx(0.5**16)


def test_a_lucky_released_model_does_not_give_the_word():
    # Released models differ clearly, the configurations do not: other seeds say the contrary.
    good, bad = right(400, 0), right(400, *range(25))
    first, second = judged(bad, good, good), judged(good, bad, good)
    found = comparison.verdict(first, second, RULE)
    assert found.released_p_value < 0.001
    assert (found.word, found.asked) == ("undecided", "configurations")


def test_swapping_the_sides_turns_better_into_worse():
    first = judged(*(right(400, *range(20 + k)) for k in range(3)))
    second = judged(*(right(400, *range(2 + k)) for k in range(3)))
    forth = comparison.verdict(first, second, RULE)
    back = comparison.verdict(second, first, RULE)
    assert (forth.word, back.word) == ("better", "worse")
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))
    assert (forth.fixed, forth.broken) == (back.broken, back.fixed)


def test_the_same_predictions_are_equivalent_however_few_images():
    models = judged(right(20, 3), right(20, 4))
    found = comparison.verdict(models, models, RULE)
    assert (found.word, found.low, found.high) == ("equivalent", 0, 0)


def test_two_models_without_a_mistake_are_equivalent_though_a_share_of_no_error_is_nothing():
    perfect = judged(right(20), right(20))
    found = comparison.verdict(perfect, perfect, Rule("accuracy", Margin(0.1, relative=True)))
    assert (found.word, found.margin) == ("equivalent", 0)
    assert (wording.could_be(found), wording.uncertainty(found)) == ("", "")


def test_what_was_lacking_to_compare_the_configurations_is_said():
    one = judged(right(400, *range(20)))
    several = judged(*(right(400, *range(40 + k)) for k in range(3)))
    single = wording.scope(comparison.verdict(one, several, RULE))
    assert "with one seed on a side" in single
    other = judged(*(right(400, *range(20 + k)) for k in range(3)))
    patient = replace(other, groups=np.zeros(400, np.int64))
    grouped = wording.scope(comparison.verdict(several, patient, RULE))
    assert "test images of one group alone" in grouped and "one seed" not in grouped
    older = replace(several, losses=None)
    loss = Rule("log_loss", Margin(0.1, relative=True))
    said = wording.scope(comparison.verdict(older, other, loss))
    assert "without the log loss of each seed" in said


def numbered(one, *numbers):
    return replace(one, numbers=numbers)


def test_seeds_are_paired_only_where_both_sides_share_them():
    # Each seed is a little better than the same seed before, and the seeds differ a lot.
    levels = (5, 30, 60)
    first = judged(*(right(400, *range(k)) for k in levels))
    second = judged(*(right(400, *range(k - 4)) for k in levels))
    same = [numbered(each, "1", "2", "3") for each in (first, second)]
    found = comparison.verdict(*same, RULE, alike=True)
    unpaired = comparison.verdict(*same, RULE)
    assert (found.paired, unpaired.paired) == (True, False)
    assert found.difference == unpaired.difference
    assert found.p_value <= 0.05 < unpaired.p_value
    other = comparison.verdict(same[0], numbered(second, "1", "2", "4"), RULE, alike=True)
    unknown = comparison.verdict(first, second, RULE, alike=True)
    assert unpaired == other == unknown


def test_two_seeds_are_too_few_for_pairs():
    sides = [numbered(judged(right(400, k), right(400, k, 9)), "1", "2") for k in (3, 4)]
    assert not comparison.verdict(*sides, RULE, alike=True).paired


def test_one_test_image_leaves_all_undecided():
    first, second = judged([True], [True]), judged([False], [False])
    found = comparison.verdict(first, second, RULE)
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
    rows = class_differences(first, second, RULE)
    assert [row.label for row in rows if row.p_value <= 0.05] == [3]
    assert (rows[3].images, rows[3].fixed, rows[3].broken) == (100, 100, 0)
    assert not any(row.worse for row in rows)
    assert [row.label for row in class_differences(second, first, RULE) if row.worse] == [3]


def rare_class(recall, of_others, seed):
    """Make three models for 950 images of class 0 and 50 of class 1, with a recall of each."""
    generator = np.random.default_rng(seed)
    actual = np.repeat([0, 1], [950, 50])
    right = generator.random((3, 1000)) < np.where(actual, recall, of_others)
    seeds = np.where(right, actual, 1 - actual)
    losses = np.where(right, 0.1, 2.0)
    return Judged(actual, seeds[0], losses[0], seeds, losses)


def test_a_rare_class_that_is_lost_is_seen_though_the_accuracy_has_risen():
    first, second = rare_class(0.8, 0.970, 1), rare_class(0.4, 0.995, 2)
    by_accuracy = comparison.verdict(first, second, RULE)
    assert by_accuracy.word != "worse" and by_accuracy.difference >= 0
    suited = comparison.verdict(first, second, Rule("auto", Margin(0.1, relative=True)))
    assert (suited.metric, suited.word) == ("balanced_accuracy", "worse")
    (row,) = [row for row in class_differences(first, second, RULE) if row.worse]
    assert (row.label, row.images) == (1, 50)
    assert row.low < -0.4 < row.high


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1", "log_loss"])
def test_every_metric_tells_better_from_worse(metric):
    rule = Rule(metric, Margin(0.1, relative=True))
    first = judged(*(right(400, *range(40 + k)) for k in range(3)))
    second = judged(*(right(400, *range(2 + k)) for k in range(3)))
    forth, back = (comparison.verdict(*pair, rule) for pair in ((first, second), (second, first)))
    assert (forth.word, back.word) == ("better", "worse")
    assert (forth.difference < 0) == (metric == "log_loss")
    assert forth.second - forth.first == pytest.approx(forth.difference)
    one = judged(right(400, *range(40))), judged(right(400, *range(3)))
    assert comparison.verdict(*one, rule).word == "better"


def test_log_loss_of_an_older_table_compares_the_released_models():
    models = judged(*(right(400, *range(40 + k)) for k in range(3)))
    older = Judged(models.actual, models.released, models.loss, models.seeds)
    found = comparison.verdict(older, models, Rule("log_loss", Margin(0.1, relative=True)))
    assert (found.asked, found.word) == ("models", "equivalent")


def test_a_small_difference_that_is_surely_there_is_called_both():
    first = judged(*(right(50_000, *range(500 + k)) for k in range(3)))
    second = judged(*(right(50_000, *range(400 + k)) for k in range(3)))
    found = comparison.verdict(first, second, RULE)
    assert (found.word, found.small) == ("equivalent", "better")
    # Of the error of 1 %, the fifth that is gone matters.
    relative = Rule("accuracy", Margin(0.1, relative=True))
    assert comparison.verdict(first, second, relative).word == "better"


def test_an_undecided_verdict_knows_what_would_decide_it():
    first = judged(right(400, *range(20)), right(400, *range(8)), right(400, *range(14)))
    second = judged(right(400, *range(16)), right(400, *range(2)), right(400, *range(9)))
    found = comparison.verdict(first, second, RULE)
    assert found.word == "undecided"
    assert found.detectable > abs(found.difference)
    assert found.settled_by is None or found.settled_by > 3


def test_images_of_one_patient_count_as_one():
    """Two of twenty patients, twenty images each, are all the difference."""
    groups = np.repeat(np.arange(20), 20)
    first = judged(*(right(400, *range(40), 399 - k) for k in range(3)))
    second = judged(*(right(400, 398 - k) for k in range(3)))
    alone = comparison.verdict(first, second, RULE)
    together = comparison.verdict(replace(first, groups=groups), second, RULE)
    assert (alone.word, together.word) == ("better", "undecided")
    assert together.difference == pytest.approx(alone.difference)
    assert together.low < 0 < alone.low
    assert together.released_p_value > alone.released_p_value
    rows = comparison.metric_differences(replace(first, groups=groups), second, 10)
    assert rows[0].low <= 0 < comparison.metric_differences(first, second, 10)[0].low
