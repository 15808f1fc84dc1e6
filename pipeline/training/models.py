"""The construction of a model from an architecture and its hyperparameters.

A model takes uint8 images [n, height, width, channels] and returns float32 probabilities
[n, classes]; all preprocessing is inside it.
"""

from collections.abc import Mapping
from typing import Any

import keras
from keras_tuner import HyperParameters

from pipeline.base.errors import ConvoyError
from pipeline.config.conditions import Precision
from pipeline.training import recipe
from pipeline.training.architecture import load_architecture
from pipeline.training.normalisation import BatchNormalization
from pipeline.training.recipe import Recipe

Shape = tuple[int, int, int]


def declare(
    architecture: str,
    hp: HyperParameters,
    shape: Shape,
    classes: int,
    precision: Precision = "float32",
) -> tuple[keras.Model, Recipe]:
    """Build the model with the values in `hp`; declare every hyperparameter that `hp` lacks."""
    keras.utils.clear_session(free_memory=False)
    # `clear_session` resets the policy.
    keras.config.set_dtype_policy(precision)
    module = load_architecture(architecture)
    images = keras.Input(shape, dtype="uint8", name="images")
    scaled = keras.layers.Rescaling(1 / 255, name="scale")(images)
    features = module.build(hp, scaled)
    logits = keras.layers.Dense(classes, name="logits")(features)
    probabilities = keras.layers.Softmax(name="probabilities", dtype="float32")(logits)
    model = keras.Model(images, probabilities, name=architecture)
    return model, recipe.declare(hp, module.RECIPE)


def build(
    architecture: str,
    values: Mapping[str, Any],
    shape: Shape,
    classes: int,
    precision: Precision = "float32",
) -> tuple[keras.Model, Recipe]:
    """Build the model with these hyperparameter values, and defaults for the others.

    Raises:
        ConvoyError: a value belongs to no hyperparameter of the architecture. KerasTuner would
            silently ignore a renamed hyperparameter and use its default.
    """
    hp = HyperParameters()
    hp.values = dict(values)
    model, chosen = declare(architecture, hp, shape, classes, precision)
    known = {entry.name for entry in hp.space if hp.is_active(entry)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConvoyError(
            f"{architecture}: no such hyperparameter here: {', '.join(unknown)}. "
            f"It declares {', '.join(sorted(known))}. Run `dvc repro` to search again."
        )
    return model, chosen


def values(
    architecture: str, given: Mapping[str, Any], shape: Shape, classes: int
) -> dict[str, Any]:
    """Return the value of every active hyperparameter: those given, and the others' defaults."""
    hp = HyperParameters()
    hp.values = dict(given)
    declare(architecture, hp, shape, classes)
    return {entry.name: hp.values[entry.name] for entry in hp.space if hp.is_active(entry)}


def plain(model: keras.Model) -> keras.Model:
    """Return a copy of a model with Keras' own layers only, so Keras alone can load it."""

    def copy(layer: keras.Layer) -> keras.Layer:
        ours = isinstance(layer, BatchNormalization)
        kind = keras.layers.BatchNormalization if ours else type(layer)
        return kind.from_config(layer.get_config())

    copied = keras.models.clone_model(model, clone_function=copy)
    copied.set_weights(model.get_weights())
    return copied


def mirrored(model: keras.Model) -> keras.Model:
    """Build a model that averages the probabilities for an image and for its mirror image.

    It shares the weights of `model`.
    """
    images = keras.Input(model.input_shape[1:], dtype="uint8", name="images")
    answers = [model(images), model(keras.ops.flip(images, axis=2))]
    mean = keras.layers.Average(name="mean_of_both", dtype="float32")(answers)
    return keras.Model(images, mean, name=f"mirrored_{model.name}")
