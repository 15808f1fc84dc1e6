"""Batch normalisation by TensorFlow's fused kernel, which Keras 3 does not call.

Keras puts it together from a dozen operations, in float32 whatever the precision, and each of
them reads and writes all activations. docs/performance.md has what that costs on a processor.
"""

import keras

# On a processor the kernel takes 16-bit floats in blocks of so many channels. Other numbers of
# channels are up to ten times as slow as in 32 bits.
BLOCK = 16


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer, faster while it is trained on images with TensorFlow.

    At inference, with every other backend, and where more is asked of it than the kernel does, it
    is Keras' own in all respects. `models.plain` puts Keras' own in its place, so that saved
    models need nothing of ours.
    """

    def call(
        self,
        inputs: keras.KerasTensor,
        training: bool | None = None,
        mask: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Normalise [n, h, w, c] over all but the last axis, and follow mean and variance."""
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
        # The kernel gives the sample variance, Keras follows the population's.
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
