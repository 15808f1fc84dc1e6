import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from pipeline.training import models, recipe
from pipeline.training.muon import Muon

SHAPE = (3, 3, 4, 8)


def step(variable, gradient):
    """Take one step; give how far each weight went."""
    before = np.array(keras.ops.convert_to_numpy(variable))
    optimizer = Muon(learning_rate=0.01, weight_decay=None, adam_weight_decay=None)
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return np.array(keras.ops.convert_to_numpy(variable)) - before


def test_a_convolution_takes_a_nearly_orthogonal_step_of_the_size_of_adams():
    gradient = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    moved = step(keras.Variable(np.zeros(SHAPE, np.float32), name="kernel"), gradient)
    stretched = np.linalg.svd(moved.reshape(36, 8), compute_uv=False)
    assert stretched.max() / stretched.min() < 2
    assert np.sqrt((moved**2).mean()) == pytest.approx(0.01 * 0.2, rel=0.3)
    assert (moved * gradient).sum() < 0


def test_biases_take_adams_step():
    moved = step(keras.Variable(np.zeros(3, np.float32), name="bias"), np.float32([1, -2, 3]))
    assert moved == pytest.approx([-0.01, 0.01, -0.01], rel=1e-3)


def test_it_is_searched_only_where_it_is_asked_for():
    plain, asked = HyperParameters(), HyperParameters()
    asked.values = {"optimizer": "muon"}
    for hp in (plain, asked):
        _, chosen = models.declare("compact_cnn", hp, (28, 28, 1), 10)
    names = [{entry.name for entry in hp.space} for hp in (plain, asked)]
    assert names[1] - names[0] == {"muon_learning_rate", "muon_weight_decay"}
    assert chosen == recipe.Recipe("muon", 0.01, 64, 0.05)
