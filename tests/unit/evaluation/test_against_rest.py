"""Each class against the rest, and the groups of images, in the tables of `evaluate`."""

import csv
import io

import numpy as np
import pytest
from support.predictions import written

from pipeline.evaluation import against_rest, predictions, scoring
from pipeline.statistics.proportions import wilson_interval
from pipeline.statistics.scores import confusion


def judged(n=300, classes=3, groups=None):
    generator = np.random.default_rng(0)
    actual = np.sort(np.arange(n) % classes)
    probabilities = generator.dirichlet(np.ones(classes), n).astype(np.float32)
    probabilities[np.arange(n), actual] += 0.5
    return scoring.predictions(actual, probabilities / 1.5, groups), probabilities / 1.5


def test_sensitivity_and_specificity_are_counted_with_their_intervals():
    made, probabilities = judged()
    rows = list(against_rest.columns(made, probabilities))
    matrix = confusion(made.actual, made.predicted, 3)
    for label, row in enumerate(rows):
        hits, taken = matrix[label, label], matrix[:, label].sum()
        assert row["sensitivity"] == pytest.approx(hits / 100, abs=1e-4)
        assert row["specificity"] == pytest.approx(1 - (taken - hits) / 200, abs=1e-4)
        low, high = wilson_interval(int(hits), 100)
        assert row["sensitivity_low"] == pytest.approx(low, abs=1e-4)
        assert row["sensitivity_high"] == pytest.approx(high, abs=1e-4)
        assert row["auc_low"] < row["auc"] < row["auc_high"]


def test_a_class_without_test_images_has_empty_cells():
    actual, probabilities = np.array([0, 0, 1]), np.eye(3, dtype=np.float32)
    rows = list(against_rest.columns(scoring.predictions(actual, probabilities), probabilities))
    assert rows[2]["sensitivity"] == rows[2]["auc"] == "" and rows[2]["specificity"] != ""


def test_two_classes_have_one_curve_and_many_have_none():
    made, probabilities = judged(classes=2)
    points = list(against_rest.curves(made.actual, probabilities, ["well", "ill"]))
    assert {name for name, *_ in points} == {"ill"} and len(points) <= 200
    made, probabilities = judged(classes=11)
    assert not list(against_rest.curves(made.actual, probabilities, [*"abcdefghijk"]))


def test_images_in_groups_have_wider_intervals_everywhere():
    alone, probabilities = judged()
    grouped, _ = judged(groups=np.arange(300) // 30)
    one, other = (scoring.summary(each)["accuracy_interval"] for each in (alone, grouped))
    assert np.ptp(other) != pytest.approx(np.ptp(one))
    copied = scoring.predictions(
        np.repeat(alone.actual, 4), np.repeat(probabilities, 4, axis=0), np.arange(1200) // 4
    )
    assert scoring.summary(copied)["accuracy_interval"] == pytest.approx(one, abs=0.001)
    for row, before in zip(
        against_rest.columns(copied, np.repeat(probabilities, 4, axis=0)),
        against_rest.columns(alone, probabilities),
        strict=True,
    ):
        assert list(row.values()) == pytest.approx(list(before.values()), abs=0.005)


def test_the_table_of_predictions_names_the_groups_and_is_read_with_them():
    models, text = written(files=[f"{n}.png" for n in range(50)], groups=["=a", "b"] * 25)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row[predictions.GROUP] for row in rows[:2]] == ["=a", "b"]
    assert np.array_equal(predictions.parse(text, "tuned", "")[0].actual, models["tuned"].actual)
