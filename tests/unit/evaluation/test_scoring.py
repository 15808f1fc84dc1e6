import numpy as np
import pytest

from pipeline.evaluation import scoring
from pipeline.statistics.scores import macro_f1


def judged(actual, predicted, classes=3):
    probabilities = np.full((len(actual), classes), 0.1, np.float32)
    probabilities[np.arange(len(actual)), predicted] = 0.8
    return scoring.predictions(np.array(actual), probabilities)


def test_a_class_without_test_images_does_not_spoil_the_mean_of_the_others():
    assert scoring.summary(judged([0, 0, 1], [0, 0, 1]))["macro_f1"] == 1
    # Taken for the class without images, an image of class 0 is missed all the same.
    missed = judged([0, 0, 1], [0, 2, 1])
    assert scoring.summary(missed)["macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert macro_f1(missed.actual, missed.predicted, np.ones((1, 3)), 3) == pytest.approx([5 / 6])
