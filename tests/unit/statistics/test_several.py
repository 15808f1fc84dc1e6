import pytest
from statsmodels.stats.multitest import multipletests

from pipeline.statistics.several import holm


def test_holm_by_hand():
    # Smallest times 4, next times 3, next times 2, largest as it is; never below one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_agrees_with_statsmodels():
    p_values = [0.8, 0.001, 0.02, 0.02, 0.5, 1.0]
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
