import pytest
from support.settings import tune

from pipeline.base.errors import ConvoyError
from pipeline.search import oracles
from pipeline.search.space import search_space

SHAPE = (28, 28, 1)


@pytest.mark.parametrize("algorithm", ["random", "bayesian", "hyperband", "grid"])
def test_what_is_fixed_is_the_same_in_every_trial_and_the_rest_is_searched(algorithm):
    fixed = {"optimizer": "adamw", "units_1": 64, "adamw_learning_rate": 0.002}
    oracle = oracles.make(tune(algorithm, trials=3), search_space("mlp", SHAPE, 10, fixed))
    trials = []
    for _ in range(3):
        trial = oracle.create_trial("tuner")
        oracle.update_trial(trial.trial_id, {oracles.OBJECTIVE: 0.5}, step=1)
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
        trials.append(trial.hyperparameters.values)
    assert [{name: values[name] for name in fixed} for values in trials] == [fixed] * 3
    assert all("sgd_learning_rate" not in values for values in trials)
    searched = [{k: v for k, v in values.items() if k not in fixed} for values in trials]
    assert len({str(sorted(values.items())) for values in searched}) == 3


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"unit": 64}, r"tune\.fixed\.mlp\.unit: no such hyperparameter; allowed: .*units_1"),
        ({"units_1": 100}, r"tune\.fixed\.mlp\.units_1 = 100; allowed: 32, 64, 128, 256, 512"),
        ({"units_1": 64.0}, r"tune\.fixed\.mlp\.units_1 = 64\.0; allowed: 32, 64"),
        ({"dropout": 0.9}, r"tune\.fixed\.mlp\.dropout = 0\.9; allowed: 0\.0 to 0\.5"),
        ({"dropout": True}, r"tune\.fixed\.mlp\.dropout = True; allowed: 0\.0 to 0\.5"),
    ],
)
def test_what_cannot_be_fixed_is_refused(fixed, message):
    with pytest.raises(ConvoyError, match=message):
        search_space("mlp", SHAPE, 10, fixed)


def test_images_too_small_are_an_error_that_names_the_architecture_and_what_to_do():
    with pytest.raises(ConvoyError, match=r"lenet5 .* 8×8 .*'conv_2'.*take it out of architec"):
        search_space("lenet5", (8, 8, 1), 10, {})
