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


def test_standard_error():
    assert standard_error(0.9, 100) == pytest.approx(0.03)
