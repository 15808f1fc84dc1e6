import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters
from support.settings import conditions as under

from pipeline.training.recipe import OPTIMIZERS, Recipe, declare, learning_rate, make_optimizer


def rates(schedule, steps=100, peak=0.5):
    rate = learning_rate(peak, under(schedule=schedule), steps)
    if not callable(rate):
        return [rate] * (steps + 1)
    return [float(rate(step)) for step in range(steps + 1)]


def test_a_constant_learning_rate_stays():
    assert set(rates("constant")) == {0.5}


def test_cosine_falls_from_the_peak_to_nothing():
    course = rates("cosine")
    assert course[0] == pytest.approx(0.5)
    assert course[50] == pytest.approx(0.25, rel=1e-5)
    assert course[100] == pytest.approx(0, abs=1e-6)


def test_one_cycle_climbs_for_a_quarter_and_falls_to_nothing():
    course = rates("one_cycle")
    assert course[0] == pytest.approx(0.02, rel=1e-5)
    assert course.index(max(course)) == 25
    assert max(course) == pytest.approx(0.5, rel=1e-5)
    assert course[:26] == sorted(course[:26])
    assert course[25:] == sorted(course[25:], reverse=True)
    assert course[100] == pytest.approx(0, abs=1e-6)


def after_one_step(recipe, gradient, conditions=None):
    """Take one step from weights of 1; give the kernel and the bias."""
    kernel = keras.Variable(np.ones(3, np.float32), name="kernel")
    bias = keras.Variable(np.ones(3, np.float32), name="bias")
    optimizer = make_optimizer(recipe, conditions or under(), steps=10)
    step = keras.ops.full((3,), gradient)
    for _ in range(2):
        optimizer.apply([step, step], [kernel, bias])
    return tuple(float(keras.ops.convert_to_numpy(each)[0]) for each in (kernel, bias))


@pytest.mark.parametrize("optimizer", ["nesterov", "adamw"])
def test_weight_decay_shrinks_weights_but_not_biases(optimizer):
    recipe = Recipe(optimizer, learning_rate=0.1, weight_decay=0.2)
    assert after_one_step(recipe, gradient=0.0) == pytest.approx((0.98**2, 1.0), rel=1e-5)


def test_nesterov_goes_further_than_plain_descent_in_the_same_direction():
    """By hand: velocity -0.1, then -0.19; each step adds 0.9 of it and the gradient once more."""
    plain, _ = after_one_step(Recipe("sgd", 0.1), gradient=1.0)
    nesterov, _ = after_one_step(Recipe("nesterov", 0.1), gradient=1.0)
    assert plain == pytest.approx(1 - 0.2)
    assert nesterov == pytest.approx(1 - 0.19 - 0.271)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_every_optimizer_goes_downhill(name):
    kernel, bias = after_one_step(Recipe(name, 0.01, weight_decay=0.0), gradient=1.0)
    assert kernel < 1
    assert bias < 1


def test_a_weight_decay_that_the_optimizer_has_not_is_refused():
    with pytest.raises(ValueError, match="only nesterov, adamw, muon have one"):
        Recipe("adam", weight_decay=1e-4)


def test_a_search_draws_from_the_optimizers_that_the_recipe_offers_and_from_the_one_asked_for():
    published = Recipe("adam", offered=("adam", "adamw"))
    drawn, asked = HyperParameters(), HyperParameters()
    asked.values = {"optimizer": "sgd"}
    for hp in (drawn, asked):
        declare(hp, published)
    offered = [
        next(entry.values for entry in hp.space if entry.name == "optimizer")
        for hp in (drawn, asked)
    ]
    assert offered == [["adam", "adamw"], ["sgd", "adam", "adamw"]]
