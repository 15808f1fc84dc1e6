"""The GELU activation (Hendrycks and Gimpel 2016) of operations that TensorFlow vectorises.

TensorFlow's own GELU, which Keras calls, computes the complementary error function one number at a
time, and with 16-bit floats every later operation as well. docs/performance.md has the cost on a
processor.
"""

import math
from collections.abc import Callable, Iterator

import keras

own = keras.activations.gelu


class VectorisedGelu(keras.callbacks.Callback):
    """A callback that uses the vectorised GELU during training, with TensorFlow only.

    The validation after each epoch and the saved model use Keras' own GELU.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Find the layers with GELU and make them use the vectorised one."""
        tensorflow = keras.backend.backend() == "tensorflow"
        self.layers = list(_layers_with_gelu(self.model)) if tensorflow else []
        self._let_them_use(_gelu)

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Restore Keras' own GELU for validation."""
        self._let_them_use(own)

    def on_test_end(self, logs: dict | None = None) -> None:
        """Use the vectorised GELU again for training."""
        self._let_them_use(_gelu)

    def on_train_end(self, logs: dict | None = None) -> None:
        """Restore Keras' own GELU at the end."""
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
    """Compute x Φ(x), with the normal distribution function Φ, for [...] of any floating dtype."""
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
