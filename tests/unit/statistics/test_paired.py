import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import f1_score
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from pipeline.statistics.paired import mcnemar, tango_interval
from pipeline.statistics.scores import macro_f1


@pytest.mark.parametrize(("fixed", "broken"), [(1, 7), (4, 15), (12, 12), (0, 9), (9, 0)])
def test_mcnemar_is_the_exact_test_with_half_of_the_split_that_was_seen(fixed, broken):
    exact = statsmodels_mcnemar([[50, fixed], [broken, 50]], exact=True).pvalue
    seen = binom.pmf(fixed, fixed + broken, 0.5)
    expected = 1 if fixed == broken else exact - seen
    assert mcnemar(fixed, broken) == pytest.approx(expected)


def test_without_a_discordant_image_nothing_differs():
    assert mcnemar(0, 0) == 1


def test_published_example():
    # Airway hyper-responsiveness before and after stem cell transplantation, n = 21, in Fagerland,
    # Lydersen and Laake (2014), Statistics in Medicine 33, 2850-2875: 1 pair one way, 7 the other;
    # mid-p = 0.0391, Tango's interval -0.517 to -0.026.
    assert mcnemar(1, 7) == pytest.approx(0.0391, abs=5e-5)
    assert tango_interval(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


def test_score_interval_has_a_width_when_no_image_is_discordant():
    low, high = tango_interval(0, 0, 359)
    z2 = 1.959964**2
    assert high == pytest.approx(z2 / (359 + z2), rel=1e-6)
    assert low == pytest.approx(-high)


@pytest.mark.parametrize(("fixed", "broken"), [(21, 0), (0, 21)])
def test_score_interval_stays_inside_its_range_at_the_ends(fixed, broken):
    low, high = tango_interval(fixed, broken, 21)
    assert -1 <= low < high <= 1


def test_score_interval_covers_the_truth():
    generator = np.random.default_rng(1)
    share = [0.02, 0.05, 0.93]
    covered = 0
    for fixed, broken, _ in generator.multinomial(400, share, size=1000):
        low, high = tango_interval(int(fixed), int(broken), 400)
        covered += low <= share[0] - share[1] <= high
    assert 930 <= covered <= 970


def test_macro_f1_of_resamples_is_scikit_learns():
    generator = np.random.default_rng(2)
    actual, predicted = generator.integers(4, size=(2, 60))
    actual[actual == 2] = 1
    actual[0], predicted[predicted == 3] = 4, 0
    weights = generator.multinomial(60, np.full(60, 1 / 60), size=5)
    found = macro_f1(actual, predicted, weights, classes=5)
    expected = [
        f1_score(
            np.repeat(actual, row),
            np.repeat(predicted, row),
            labels=np.unique(np.repeat(actual, row)),
            average="macro",
            zero_division=0,
        )
        for row in weights
    ]
    assert found == pytest.approx(expected, abs=1e-6)
