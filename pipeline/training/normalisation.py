"""The batch normalisation with TensorFlow's fused kernel, which Keras 3 does not use.

Keras composes it of a dozen operations, in float32 whatever the precision, and each of them reads
and writes all activations. docs/performance.md has the cost on a processor.
"""

import keras

# On a processor the kernel handles 16-bit floats in blocks of this many channels. With other
# numbers of channels it is up to ten times as slow as with 32 bits.
BLOCK = 16


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer, but faster in training on images with TensorFlow.

    At inference, with other backends, and with options that the kernel lacks, it is exactly Keras'
    layer. `models.plain` replaces it by Keras' layer, so saved models need only Keras.
    """

    def call(
        self,
        inputs: keras.KerasTensor,
        training: bool | None = None,
        mask: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Normalise [n, h, w, c] over all but the last axis, and update mean and variance."""
        if not (training and self.trainable and mask is None and self._can_be_fused(inputs)):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        blocks = inputs.shape[-1] % BLOCK == 0
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs if blocks else tf.cast(inputs, "float32"),
            self.gamma,
            self.beta,
            epsilon=self.epsilon,
            is_training=True,
        )
        outputs = tf.cast(outputs, inputs.dtype)
        # The kernel returns the sample variance; Keras averages the population variance.
        count = tf.cast(tf.size(inputs) / inputs.shape[-1], variance.dtype)
        self._follow(self.moving_mean, mean)
        self._follow(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _can_be_fused(self, inputs: keras.KerasTensor) -> bool:
        images = len(inputs.shape) == 4 and self.axis in (-1, 3)
        usual = self.scale and self.center and not (self.renorm or self.synchronized)
        return keras.backend.backend() == "tensorflow" and images and usual

    def _follow(self, average: keras.Variable, latest: keras.KerasTensor) -> None:
        average.assign(average * self.momentum + latest * (1 - self.momentum))
