"""What `auto` turns on where it costs a tenth at most."""

import pytest

from pipeline.config.automatic import Choice
from pipeline.config.budget import Budget

USUAL = Choice(None, "as usual")


def budget(trials):
    return Budget(trials, trial_epochs=4, seeds=3, epochs=12)


def test_leaders_are_confirmed_where_that_costs_a_tenth_of_the_search_at_most():
    assert budget(16).confirm(USUAL) == USUAL
    assert budget(60).confirm(USUAL).value == {"top": 2, "seeds": 3}
    asked = Choice({"top": 2, "seeds": 3}, "few validation images")
    assert budget(16).confirm(asked) == asked


@pytest.mark.parametrize(("trials", "on"), [(16, False), (71, False), (72, True)])
def test_the_recipe_is_trained_where_that_adds_a_tenth_at_most(trials, on):
    # 3 seeds of 12 epochs, beside trials of 4 epochs and two models of 36.
    assert budget(trials).untuned().value is on
