import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from pipeline.statistics import by_image

RNG = np.random.default_rng(3)
ACTUAL = RNG.choice(4, size=400, p=[0.6, 0.2, 0.15, 0.05])
PREDICTED = np.where(RNG.random((2, 400)) < 0.8, ACTUAL, RNG.integers(5, size=(2, 400)))
SCORES = {
    "accuracy": accuracy_score,
    "balanced_accuracy": lambda actual, predicted: recall_score(
        actual, predicted, labels=np.unique(actual), average="macro"
    ),
    "macro_f1": lambda actual, predicted: f1_score(
        actual, predicted, labels=np.unique(actual), average="macro"
    ),
}


@pytest.mark.parametrize("metric", SCORES)
def test_the_mean_over_images_is_scikit_learns_score(metric):
    found = by_image.values(metric, ACTUAL, PREDICTED).mean(axis=1)
    assert found == pytest.approx([SCORES[metric](ACTUAL, row) for row in PREDICTED])


@pytest.mark.parametrize("metric", SCORES)
def test_the_spread_over_images_is_that_of_the_score_over_other_images(metric):
    """Compare with a bootstrap, which draws other images within each class."""
    expected = []
    classes = [np.flatnonzero(label == ACTUAL) for label in np.unique(ACTUAL)]
    for _ in range(400):
        drawn = np.concatenate([RNG.choice(images, len(images)) for images in classes])
        expected.append(SCORES[metric](ACTUAL[drawn], PREDICTED[0, drawn]))
    values = by_image.values(metric, ACTUAL, PREDICTED[:1])[0]
    found = values.std(ddof=1) / np.sqrt(len(values))
    assert found == pytest.approx(np.std(expected), rel=0.15)


@pytest.mark.parametrize(
    ("counts", "metric"),
    [((50, 50), "accuracy"), ((50, 100), "accuracy"), ((50, 101), "balanced_accuracy")],
)
def test_where_classes_differ_much_in_size_balanced_accuracy_is_suited(counts, metric):
    assert by_image.suited(np.repeat([0, 1], counts)) == metric
