import pytest

from pipeline.statistics.rule import Margin, margin


@pytest.mark.parametrize(
    ("written", "expected", "shown"),
    [
        ("10%", Margin(0.1, relative=True), "10%"),
        ("1/2%", Margin(0.005, relative=True), "0.5%"),
        (0.005, Margin(0.005, relative=False), "0.005"),
        ("1/200", Margin(0.005, relative=False), "0.005"),
    ],
)
def test_a_margin_is_a_difference_or_a_share_of_the_error(written, expected, shown):
    assert margin(written) == expected
    assert str(expected) == shown


@pytest.mark.parametrize("written", ["0%", "100%", 0, 1, -0.1, "a%", "%", "1/0", "nan", None, True])
def test_what_is_no_margin_is_refused_with_what_is_allowed(written):
    with pytest.raises(ValueError, match='share of the error, as "10%"'):
        margin(written)


def test_a_relative_margin_follows_the_error_of_what_is_compared_with():
    assert margin("10%").of(0.02) == pytest.approx(0.002)
    assert margin(0.005).of(0.02) == 0.005
