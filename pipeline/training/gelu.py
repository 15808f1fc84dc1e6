"""GELU (Hendrycks and Gimpel 2016) by operations that TensorFlow vectorises.

Its own, which Keras calls, takes the complementary error function number by number, and in 16
bits every step after it. docs/performance.md has what that costs on a processor.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras


@contextmanager
def vectorised(model: keras.Model) -> Iterator[None]:
    """Let a model's layers compute GELU so in the block; with other backends, as they are.

    Afterwards they are as before, so what is saved is Keras' own.
    """
    own = keras.activations.gelu
    layers = [layer for layer in model.layers if getattr(layer, "activation", None) is own]
    if not layers or keras.backend.backend() != "tensorflow":
        yield
        return
    for layer in layers:
        layer.activation = _gelu
    try:
        yield
    finally:
        for layer in layers:
            layer.activation = own


def _gelu(features: keras.KerasTensor) -> keras.KerasTensor:
    """Give x Φ(x), Φ the normal distribution function, for [...] of any floating dtype."""
    import tensorflow as tf

    @tf.custom_gradient
    def gelu(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        wide = tf.cast(x, "float32")
        below = 0.5 + 0.5 * tf.math.erf(wide * math.sqrt(0.5))

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            density = tf.exp(-0.5 * tf.square(wide)) * (1 / math.sqrt(2 * math.pi))
            slope = below + wide * density
            return tf.cast(tf.cast(upstream, "float32") * slope, x.dtype)

        return tf.cast(wide * below, x.dtype), gradient

    return gelu(features)
