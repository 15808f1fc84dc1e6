import numpy as np
import pytest

from pipeline.evaluation import scoring
from pipeline.statistics.scores import confusion, macro_f1

NAMES = ["ant", "bee", "cow", "dog"]
# Of 4 ants 3 are recognised, of 2 bees 1; an ant and a bee are taken for cows, which there are none
# of. No image is a dog or taken for one.
ACTUAL, PREDICTED = [0, 0, 0, 0, 1, 1], [0, 0, 0, 2, 1, 2]


def judged(actual=ACTUAL, predicted=PREDICTED, classes=3, probability=0.8):
    """Predict with `probability`; the other classes share the rest."""
    rest = (1 - probability) / (classes - 1)
    probabilities = np.full((len(actual), classes), rest, np.float32)
    probabilities[np.arange(len(actual)), predicted] = probability
    return scoring.predictions(np.array(actual), probabilities)


def test_of_each_image_the_class_and_two_probabilities_are_kept():
    probabilities = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]], np.float32)
    kept = scoring.predictions(np.array([1, 2]), probabilities)
    assert kept.predicted.tolist() == [0, 2]
    assert kept.correct.tolist() == [False, True]
    assert kept.probability.tolist() == [0.5, 0.75]
    assert kept.actual_probability.tolist() == [0.25, 0.75]
    assert kept.probability.dtype == kept.actual_probability.dtype == np.float64


def test_a_loss_is_the_cross_entropy_and_a_certain_mistake_is_not_infinite():
    wrong, right = scoring.losses(judged([0, 1], [2, 1]))
    assert (wrong, right) == pytest.approx((np.log(10), -np.log(0.8)), rel=1e-6)
    (certain,) = scoring.losses(judged([0], [1], probability=1))
    assert certain == pytest.approx(7 * np.log(10))
    (sure,) = scoring.losses(judged([0], [0], probability=1))
    assert sure == 0 and not np.signbit(sure)


def test_the_summary_is_what_can_be_counted_by_hand():
    summary = scoring.summary(judged())
    assert summary["accuracy"] == pytest.approx(4 / 6)
    # Wilson's 95 % interval for 4 of 6, as by `statsmodels.stats.proportion.proportion_confint`.
    assert summary["accuracy_interval"] == pytest.approx([0.29999, 0.90323], abs=1e-5)
    assert summary["loss"] == pytest.approx((4 * -np.log(0.8) + 2 * np.log(10)) / 6)
    # Ants: precision 1, recall 3/4; bees: precision 1, recall 1/2.
    assert summary["macro_f1"] == pytest.approx((6 / 7 + 2 / 3) / 2)


def test_a_class_without_test_images_does_not_spoil_the_mean_of_the_others():
    assert scoring.summary(judged([0, 0, 1], [0, 0, 1]))["macro_f1"] == 1
    # Taken for the class without images, an image of class 0 is missed all the same.
    missed = judged([0, 0, 1], [0, 2, 1])
    assert scoring.summary(missed)["macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert macro_f1(missed.actual, missed.predicted, np.ones((1, 3)), 3) == pytest.approx([5 / 6])


def test_each_class_has_its_scores_under_its_name():
    scores = scoring.per_class(judged(classes=4), NAMES)
    assert list(scores) == NAMES
    rows = {name: [*row.values()] for name, row in scores.items()}
    # Precision, recall, F1, support.
    assert rows["ant"] == pytest.approx([1, 3 / 4, 6 / 7, 4])
    assert rows["bee"] == pytest.approx([1, 1 / 2, 2 / 3, 2])
    assert rows["cow"] == rows["dog"] == [0, 0, 0, 0]


def test_confusion_has_a_row_for_each_actual_and_a_column_for_each_predicted_class():
    assert confusion(np.array(ACTUAL), np.array(PREDICTED), 4).tolist() == [
        [3, 0, 1, 0],
        [0, 1, 1, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]
