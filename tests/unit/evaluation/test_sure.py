"""What a threshold keeps on other images than it was chosen on."""

import numpy as np
import pytest

from pipeline.evaluation import scoring
from pipeline.training.trained import Threshold


def judged(probability, correct):
    actual = np.zeros(len(correct), np.int64)
    predicted = np.where(correct, 0, 1)
    values = np.array(probability, float)
    return scoring.Predictions(actual, predicted, values, values)


def test_only_sure_answers_count():
    found = scoring.sure(
        judged([0.9, 0.8, 0.8, 0.2], [True, True, False, False]), Threshold(0.9, 0.8, 1.0)
    )
    assert found["answered"] == 0.75
    assert found["reached"] == pytest.approx(2 / 3)
    low, high = found["reached_interval"]
    assert low < 2 / 3 < high
    assert (found["precision"], found["probability"]) == (0.9, 0.8)


def test_no_sure_answer_reaches_nothing():
    found = scoring.sure(judged([0.1, 0.2], [True, True]), Threshold(0.9, 0.8, 1.0))
    assert (found["answered"], found["reached"], found["reached_interval"]) == (0.0, None, None)
