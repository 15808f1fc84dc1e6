"""What came from the architecture, and what from the search."""

import numpy as np
import pytest

from pipeline.evaluation import choice
from pipeline.evaluation.comparison import Judged
from pipeline.evaluation.parts import parts, sentence
from pipeline.search.selection import Candidate
from pipeline.stages.select import specify_untuned
from pipeline.statistics.rule import Margin, Rule
from pipeline.training.specification import Specification

N = 400
RULE = Rule("accuracy", Margin(0.005, relative=False))


def judged(mistakes):
    """Answer the first images wrongly, a few more or fewer with each of three seeds."""
    actual = np.arange(N) % 10
    seeds = np.stack([actual] * 3)
    for row, more in zip(seeds, (0, 1, 2), strict=True):
        row[: mistakes + more] = (actual[: mistakes + more] + 1) % 10
    losses = np.where(seeds == actual, 0.1, 2.0)
    return Judged(actual, seeds[0], losses[0], seeds, losses)


MODELS = {"baseline": judged(40), "untuned": judged(12), "tuned": judged(9)}


def test_the_parts_add_up_to_the_whole():
    architecture, search = parts(MODELS, RULE, None)
    assert (architecture["part"], search["part"]) == ("architecture", "search")
    assert architecture["difference"] == pytest.approx(28 / N)
    assert search["difference"] == pytest.approx(3 / N)
    text = sentence([architecture, search], "accuracy", 31 / N)
    assert text.startswith(
        "accuracy +0.0775 against the baseline: +0.0700 from the architecture (better), +0.0075 "
        "from the search ("
    )


@pytest.mark.parametrize(
    ("same_as", "said"),
    [
        ("tuned", "all of it from the architecture: the search found nothing better"),
        ("baseline", "all of it from the search: the architecture is the baseline's"),
    ],
)
def test_where_the_recipe_is_one_of_the_two_nothing_more_need_be_trained(same_as, said):
    two = {name: MODELS[name] for name in ("baseline", "tuned")}
    assert said in sentence(parts(two, RULE, same_as), "accuracy", 31 / N)


def test_without_the_recipe_the_parts_are_not_known_and_the_search_alone_is_quoted():
    two = {name: MODELS[name] for name in ("baseline", "tuned")}
    assert parts(two, RULE, None) == []
    text = choice.unseparated({"val_accuracy": 0.98, "recipe_val_accuracy": 0.97})
    assert "recipe had 0.9700 and the chosen trial has 0.9800" in text
    assert choice.unseparated({"val_accuracy": 0.98}) == choice.score({}) == ""


def test_a_confirmed_choice_is_shown_with_the_gap_that_was_measured():
    text = choice.score({"val_accuracy": 0.97, "optimism_gap": 0.012})
    assert "0.9700 in the mean" in text and "+1.2 points" in text


RECIPE = Candidate("mlp", 1, 0.9, 0.01, 0.3, 9, 9, {"units": 8, "batch_size": 32}, "code", 240, 4)
WINNER = Candidate("mlp", 3, 0.95, 0.01, 0.2, 9, 9, {"units": 16, "batch_size": 64}, "code", 240, 4)


@pytest.mark.parametrize(
    ("chosen", "recipe", "baseline", "wanted", "same_as", "trained", "values"),
    [
        (WINNER, RECIPE, "lenet5", True, None, True, RECIPE.hyperparameters),
        (WINNER, RECIPE, "lenet5", False, None, False, RECIPE.hyperparameters),
        (WINNER, None, "lenet5", True, None, True, {"batch_size": 16}),
        (RECIPE, RECIPE, "lenet5", True, "tuned", False, RECIPE.hyperparameters),
        (WINNER, RECIPE, "mlp", True, "baseline", False, {}),
    ],
)
def test_the_recipe_is_trained_only_where_it_is_wanted_and_no_other_model_is_it(
    chosen, recipe, baseline, wanted, same_as, trained, values
):
    other = Specification(baseline, {}, "code")
    found = specify_untuned(chosen, recipe, other, {"batch_size": 16}, wanted)
    assert (found.same_as, found.train) == (same_as, trained)
    assert (found.architecture, found.hyperparameters) == ("mlp", values)
