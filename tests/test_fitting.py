import json

import keras
import numpy as np
import pytest

from pipeline import models
from pipeline.batches import SplitFolder
from pipeline.fitting import fit
from pipeline.recipe import Recipe


@pytest.fixture
def split(tmp_path):
    """Four classes that differ in brightness: any model learns them."""
    rng = np.random.default_rng(1)
    labels = np.arange(64) % 4
    noise = rng.integers(0, 20, (64, 8, 8, 1))
    np.save(tmp_path / "images.npy", (noise + 60 * labels[:, None, None, None]).astype(np.uint8))
    np.save(tmp_path / "labels.npy", labels)
    (tmp_path / "classes.json").write_text(json.dumps(list("abcd")))
    return SplitFolder(tmp_path)


def curve_of(split, seed, recipe=Recipe(learning_rate=0.003, batch_size=16)):  # noqa: B008
    keras.utils.set_random_seed(seed)
    model, _ = models.build("mlp", {}, split.shape, 4)
    return fit(model, recipe, split, split, epochs=6, seed=seed)


def test_learning_shows_in_the_curve(split):
    curve = curve_of(split, seed=1)
    assert [epoch.number for epoch in curve] == list(range(1, 7))
    assert curve[-1].val_loss < curve[0].val_loss < 3
    assert curve[-1].val_accuracy > 0.4


def test_the_same_seed_gives_the_same_curve_and_another_seed_another(split):
    first = curve_of(split, seed=1)
    assert curve_of(split, seed=1) == first
    assert curve_of(split, seed=2) != first


def test_the_optimizer_is_the_one_the_recipe_names(split):
    adam = curve_of(split, seed=1)
    sgd = curve_of(split, seed=1, recipe=Recipe("sgd", learning_rate=0.003, batch_size=16))
    assert sgd[-1].loss > adam[-1].loss
