import pytest

from pipeline.statistics.words import word


@pytest.mark.parametrize(
    ("difference", "low", "high", "p_value", "expected"),
    [
        (0.02, 0.01, 0.03, 0.001, "better"),
        (-0.02, -0.03, -0.01, 0.001, "worse"),
        (0.02, -0.01, 0.05, 0.2, "undecided"),
        (0.0, -0.004, 0.004, 1.0, "equivalent"),
        (0.002, 0.001, 0.003, 0.001, "equivalent"),  # there, and too small to matter
        (0.001, -0.006, 0.003, 0.4, "undecided"),
        (0.01, 0.004, 0.02, 0.01, "better"),
    ],
)
def test_word(difference, low, high, p_value, expected):
    assert word(difference, low, high, p_value, margin=0.005) == expected


def test_equal_predictions_are_equivalent_though_no_difference_is_too_small_to_matter():
    assert word(0.0, 0.0, 0.0, 1.0, margin=0.0) == "equivalent"
    assert word(0.0, -0.001, 0.001, 1.0, margin=0.0) == "undecided"
