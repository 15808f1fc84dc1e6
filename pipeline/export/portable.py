"""The model that is exported: as it was released, but in float32 throughout."""

import json

import keras

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
    copied.set_weights(model.get_weights())
    return copied
