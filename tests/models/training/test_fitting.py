import json
import shutil

import keras
import numpy as np
import pytest
from support.settings import conditions as under

from pipeline.training import models, saving
from pipeline.training.batches import SplitFolder
from pipeline.training.fitting import fit, kept
from pipeline.training.recipe import Recipe


@pytest.fixture
def split(tmp_path):
    """Four classes that differ in brightness: any model learns them."""
    rng = np.random.default_rng(1)
    labels = np.arange(64) % 4
    noise = rng.integers(0, 20, (64, 8, 8, 1))
    save_split(tmp_path, noise + 60 * labels[:, None, None, None], labels, "abcd")
    return SplitFolder(tmp_path)


def save_split(folder, images, labels, classes):
    np.save(folder / "images.npy", images.clip(0, 255).astype(np.uint8))
    np.save(folder / "labels.npy", labels)
    (folder / "classes.json").write_text(json.dumps(list(classes)))


RECIPE = Recipe(learning_rate=0.003, batch_size=16)


def fitted(split, seed=1, recipe=RECIPE, validation=None, epochs=6, patience=None, **conditions):
    """Fit an MLP; give it and its curve."""
    keras.utils.set_random_seed(seed)
    chosen = under(**conditions)
    model, _ = models.build("mlp", {}, split.shape, 4, chosen.precision)
    curve = fit(
        model,
        recipe,
        chosen,
        split,
        validation or split,
        epochs=epochs,
        seed=seed,
        patience=patience,
    )
    return model, curve


def curve_of(split, seed, recipe=RECIPE, **conditions):
    return fitted(split, seed, recipe, **conditions)[1]


def scores(model, split):
    """Cross-entropy and accuracy of a model, computed without Keras."""
    probabilities = model.predict(split.images(slice(None)), verbose=0)
    truth = probabilities[np.arange(len(split)), split.labels]
    return -np.log(truth).mean(), (probabilities.argmax(axis=1) == split.labels).mean()


class Traced(keras.layers.Layer):
    """Passes images on; counts how often Python runs it for training."""

    times = 0

    def call(self, images, training=False):
        self.times += bool(training)
        return images


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow traces steps")
def test_a_step_is_traced_once(split):
    images = keras.Input(split.shape, dtype="uint8")
    layer = Traced()
    features = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(layer(images)))
    model = keras.Model(images, keras.layers.Dense(4, activation="softmax")(features))
    before = layer.times
    fit(model, RECIPE, under(), split, split, epochs=2, seed=1)
    assert layer.times == before + 1


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="else GELU is left as it is")
def test_gelu_is_vectorised(split):
    images = keras.Input(split.shape, dtype="uint8")
    features = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
    hidden = keras.layers.Dense(4, activation="gelu")
    model = keras.Model(images, keras.layers.Softmax()(hidden(features)))
    seen = []
    look = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(hidden.activation)
    )
    fit(model, RECIPE, under(), split, split, epochs=1, seed=1, callbacks=[look])
    assert seen and keras.activations.gelu not in seen
    assert hidden.activation is keras.activations.gelu


def test_learning_shows_in_the_curve(split):
    curve = curve_of(split, seed=1)
    assert len(curve) == 6
    assert curve[-1].val_loss < curve[0].val_loss < 3
    assert curve[-1].val_accuracy > 0.4


def test_the_same_seed_gives_the_same_curve_and_another_seed_another(split):
    first = curve_of(split, seed=1)
    assert curve_of(split, seed=1) == first
    assert curve_of(split, seed=2) != first


@pytest.mark.parametrize(
    ("optimizer", "first_step"),
    [
        ("sgd", lambda gradient: gradient),
        # Its momentum is that of the same step: 1 + 0.9.
        ("nesterov", lambda gradient: 1.9 * gradient),
        # Its first step has the size of the learning rate, whatever the gradient's.
        ("adam", np.sign),
    ],
)
def test_the_optimizer_and_learning_rate_are_those_of_the_recipe(split, optimizer, first_step):
    start, _ = fitted(split, recipe=Recipe("sgd", 1e-9, batch_size=64), epochs=1)
    moved, _ = fitted(split, recipe=Recipe(optimizer, 0.003, batch_size=64), epochs=1)
    before, after = (model.get_layer("logits").get_weights()[1] for model in (start, moved))
    # The derivative of the mean cross-entropy by the biases of the logits.
    probabilities = start.predict(split.images(slice(None)), verbose=0)
    gradient = (probabilities - np.eye(4)[split.labels]).mean(axis=0)
    assert after - before == pytest.approx(-0.003 * first_step(gradient), rel=1e-3)


def test_the_model_is_left_as_it_was_last_scored(split):
    for conditions in ({}, {"weight_average": 0.9}, {"label_smoothing": 0.2}):
        model, curve = fitted(split, **conditions)
        loss, accuracy = scores(model, split)
        assert curve[-1].val_loss == pytest.approx(loss, rel=1e-4)
        assert curve[-1].val_accuracy == pytest.approx(accuracy)


def test_averaged_weights_lag_behind_those_of_the_last_step(split):
    start, _ = fitted(split, epochs=1, recipe=Recipe("sgd", 1e-9, 16))
    plain, _ = fitted(split)
    averaged, _ = fitted(split, weight_average=0.99)

    def distance(model):
        pairs = zip(model.get_weights(), start.get_weights(), strict=True)
        return sum(np.abs(a - b).sum() for a, b in pairs)

    assert 0 < distance(averaged) < distance(plain) / 2


def test_label_smoothing_keeps_the_model_from_being_too_sure(split):
    plain, _ = fitted(split, epochs=25)
    smoothed, _ = fitted(split, epochs=25, label_smoothing=0.4)
    images = split.images(slice(None))
    sure, less_sure = (m.predict(images, verbose=0).max(axis=1).mean() for m in (plain, smoothed))
    # The best that the smoothed loss knows is 0.7 for the right class and 0.1 for each other.
    assert less_sure < sure - 0.1


def test_patience_ends_the_training_and_goes_back_to_the_best_epoch(split, tmp_path):
    wrong = tmp_path / "wrong"
    shutil.copytree(split.folder, wrong, ignore=shutil.ignore_patterns("wrong"))
    np.save(wrong / "labels.npy", (split.labels + 1) % 4)
    model, curve = fitted(split, validation=SplitFolder(wrong), epochs=50, patience=3)
    assert len(curve) < 50
    best = kept(curve, 3)
    assert best is curve[-4]
    assert scores(model, SplitFolder(wrong))[1] == pytest.approx(best.val_accuracy)


def test_class_weights_win_back_a_rare_class(tmp_path):
    rng = np.random.default_rng(1)
    labels = (np.arange(200) % 20 == 0).astype(np.int64)
    noise = rng.normal(0, 30, (200, 8, 8, 1))
    save_split(tmp_path, 100 + 8 * labels[:, None, None, None] + noise, labels, "ab")
    rare = SplitFolder(tmp_path)

    def guesses(**conditions):
        model, _ = fitted(rare, epochs=3, recipe=Recipe("sgd", 0.03, 32), **conditions)
        return (model.predict(rare.images(slice(None)), verbose=0)[:, 1]).mean()

    assert guesses(class_weights=True) > 2 * guesses()


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_computes_in_16_bits_keeps_32_and_learns_as_well(split, precision):
    model, curve = fitted(split, precision=precision)
    dense = model.get_layer("dense_1")
    assert dense.compute_dtype == precision.removeprefix("mixed_")
    assert dense.kernel.dtype == "float32"
    assert model.output.dtype == "float32"
    assert curve[-1].val_loss == pytest.approx(curve_of(split, 1)[-1].val_loss, rel=0.05)
    plain, _ = fitted(split)
    assert plain.get_layer("dense_1").compute_dtype == "float32"


def test_the_saved_model_has_neither_augmentation_nor_optimizer(split, tmp_path):
    model, _ = fitted(split, shift=1, flip=True, cutout=2)
    saving.save(model, tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert "augment" not in {layer.name for layer in again.layers}
    assert getattr(again, "optimizer", None) is None
    images = split.images(slice(None))
    assert np.array_equal(again.predict(images, verbose=0), model.predict(images, verbose=0))


def test_every_condition_at_once_gives_the_same_curve_twice(split):
    everything = {
        "precision": "mixed_bfloat16",
        "schedule": "one_cycle",
        "label_smoothing": 0.1,
        "weight_average": 0.9,
        "class_weights": True,
        "shift": 1,
        "flip": True,
        "cutout": 2,
    }
    assert curve_of(split, 1, **everything) == curve_of(split, 1, **everything)
    assert curve_of(split, 1, **everything) != curve_of(split, 1)
