"""Batch normalisation by TensorFlow's fused kernel, which Keras 3 does not call.

Keras puts it together from a dozen operations, in float32 whatever the precision, and each of
them reads and writes all activations. docs/performance.md has what that costs on a processor.
"""

import keras


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer over the last axis, faster while it is trained with TensorFlow.

    At inference, and with every other backend, it is Keras' own in all respects.
    `models.plain` puts Keras' own in its place, so that saved models need nothing of ours.
    """

    def call(
        self,
        inputs: keras.KerasTensor,
        training: bool | None = None,
        mask: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Normalise [n, h, w, c] over all but the last axis, and follow mean and variance."""
        fused = keras.backend.backend() == "tensorflow" and training and self.trainable
        if not fused:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        # The kernel gives the sample variance, Keras follows the population's.
        count = tf.cast(tf.size(inputs) / inputs.shape[-1], variance.dtype)
        self._follow(self.moving_mean, mean)
        self._follow(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _follow(self, average: keras.Variable, latest: keras.KerasTensor) -> None:
        average.assign(average * self.momentum + latest * (1 - self.momentum))
