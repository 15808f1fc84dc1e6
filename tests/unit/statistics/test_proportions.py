import pytest
from statsmodels.stats.proportion import proportion_confint

from pipeline.statistics.proportions import standard_error, wilson_interval


@pytest.mark.parametrize(("successes", "n"), [(81, 263), (0, 20), (20, 20), (353, 359)])
def test_wilson_agrees_with_statsmodels(successes, n):
    expected = proportion_confint(successes, n, method="wilson")
    assert wilson_interval(successes, n) == pytest.approx(expected, abs=1e-9)


def test_wilson_published_example():
    # Newcombe (1998), Statistics in Medicine 17, 857-872: 81 of 263 gives 0.2553 to 0.3662.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_the_standard_error_is_that_of_agresti_and_coull():
    # Half of their 95 % interval is 1.96 such errors; with two successes and two failures added
    # instead of z**2 / 2 = 1.92 it is nearly theirs.
    low, high = proportion_confint(90, 100, method="agresti_coull")
    assert standard_error(0.9, 100) == pytest.approx((high - low) / 2 / 1.96, rel=0.01)


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_at_a_perfect_score_an_accuracy_still_has_a_standard_error(accuracy):
    assert standard_error(accuracy, 240) == pytest.approx((2 * 242 / 244**3) ** 0.5)
