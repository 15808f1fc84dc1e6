"""GELU (Hendrycks and Gimpel 2016) by operations that TensorFlow vectorises.

Its own, which Keras calls, takes the complementary error function number by number, and in 16
bits every step after it. docs/performance.md has what that costs on a processor.
"""

import math
from collections.abc import Callable, Iterator

import keras

own = keras.activations.gelu


class VectorisedGelu(keras.callbacks.Callback):
    """Lets a model's layers compute GELU so while it learns; with other backends, as they do.

    What is scored after each epoch, and what is saved in the end, is Keras' own.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Find the layers with GELU."""
        tensorflow = keras.backend.backend() == "tensorflow"
        self.layers = list(_layers_with_gelu(self.model)) if tensorflow else []
        self._let_them_use(_gelu)

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Score with Keras' own."""
        self._let_them_use(own)

    def on_test_end(self, logs: dict | None = None) -> None:
        """Go on learning."""
        self._let_them_use(_gelu)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Leave the layers as they were."""
        self._let_them_use(own)

    def _let_them_use(self, function: Callable) -> None:
        for layer in self.layers:
            layer.activation = function


def _layers_with_gelu(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers_with_gelu(layer)
        elif getattr(layer, "activation", None) is own:
            yield layer


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
