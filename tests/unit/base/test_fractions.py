import pytest

from pipeline.base.fractions import share


@pytest.mark.parametrize(
    ("text", "number"), [("1/6", 1 / 6), ("1/100", 0.01), ("0.25", 0.25), (" 3 / 4 ", 0.75)]
)
def test_a_number_or_a_fraction(text, number):
    assert share(text) == number


@pytest.mark.parametrize("text", ["", "a/b", "1/0", "1/2/3", "1/", "half"])
def test_what_is_neither_is_an_error_that_says_what_is_allowed(text):
    with pytest.raises(ValueError, match='a fraction such as "1/6"'):
        share(text)
