"""The model that is exported: as it was released, but in float32 throughout."""

import json

import keras
import numpy as np

# In a format for other programs these would need operations that only TensorFlow has.
HALVES = ("mixed_bfloat16", "mixed_float16")


def portable(model: keras.Model) -> keras.Model:
    """Return a copy of a model that computes in float32, whatever precision it was trained in.

    Weights are float32 in every precision, so they are the same.
    """
    described = json.dumps(keras.saving.serialize_keras_object(model))
    for precision in HALVES:
        described = described.replace(json.dumps(precision), '"float32"')
    copied = keras.saving.deserialize_keras_object(json.loads(described))
    copied = keras.models.clone_model(copied, clone_function=_copy, recursive=True)
    copied.set_weights(model.get_weights())
    return copied


def _copy(layer: keras.Layer) -> keras.Layer:
    """Copy a layer; one that holds its mean and variance becomes the rescaling that it is.

    Such a layer keeps them as tensors outside of its operations, which the conversion to ONNX takes
    for further inputs of the model.
    """
    settings = layer.get_config()
    if not isinstance(layer, keras.layers.Normalization) or settings["mean"] is None:
        return type(layer).from_config(settings)
    spread = np.maximum(np.sqrt(np.ravel(settings["variance"])), keras.config.epsilon())
    mean = np.ravel(settings["mean"])
    return keras.layers.Rescaling(
        (1 / spread).tolist(), (-mean / spread).tolist(), dtype="float32", name=layer.name
    )
