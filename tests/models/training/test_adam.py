import keras
import numpy as np
import pytest

from pipeline.training.adam import Adam


def trained(kind, **settings):
    """Take thirty steps on one weight under a falling learning rate; give all that changes."""
    numbers = np.random.default_rng(3)
    weight = keras.Variable(numbers.normal(size=(5, 4)).astype("float32"), name="kernel")
    rate = keras.optimizers.schedules.CosineDecay(0.05, 30)
    optimizer = kind(rate, weight_decay=0.1, name="adam", **settings)
    for _ in range(30):
        gradient = numbers.normal(size=(5, 4)).astype("float32")
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
    kept = sorted(optimizer.variables, key=lambda variable: variable.path)
    return [variable.path for variable in kept], [np.asarray(v.numpy()) for v in (weight, *kept)]


@pytest.mark.parametrize("settings", [{}, {"amsgrad": True}, {"beta_1": 0.8, "epsilon": 1e-3}])
def test_it_goes_where_adam_of_keras_goes_and_keeps_the_same_variables(settings):
    paths, values = trained(Adam, **settings)
    wanted_paths, wanted = trained(keras.optimizers.Adam, **settings)
    assert paths == wanted_paths
    for value, each in zip(values, wanted, strict=True):
        np.testing.assert_allclose(value, each, rtol=1e-4, atol=1e-6)
