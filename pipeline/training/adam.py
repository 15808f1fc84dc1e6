"""The optimizer Adam with TensorFlow's fused kernel, which Keras 3 does not use.

Keras composes each weight's update of a dozen operations, and each of them reads and writes the
whole weight. docs/performance.md has the cost on a processor.
"""

import keras


class Adam(keras.optimizers.Adam):
    """Keras' Adam (Kingma and Ba 2015), but one operation a weight with TensorFlow.

    The numbers agree with Keras' to rounding, and the optimizer's variables are the same. With
    other backends it is exactly Keras' Adam.
    """

    def update_step(
        self,
        gradient: keras.KerasTensor,
        variable: keras.Variable,
        learning_rate: keras.KerasTensor,
    ) -> None:
        """Move one weight, and the means of its gradient and of its square."""
        if keras.backend.backend() != "tensorflow" or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        kind = variable.dtype
        step = tf.cast(self.iterations + 1, kind)
        number = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[number].value.handle,
            v=self._velocities[number].value.handle,
            beta1_power=tf.cast(self.beta_1, kind) ** step,
            beta2_power=tf.cast(self.beta_2, kind) ** step,
            lr=tf.cast(learning_rate, kind),
            beta1=tf.cast(self.beta_1, kind),
            beta2=tf.cast(self.beta_2, kind),
            epsilon=tf.cast(self.epsilon, kind),
            grad=tf.cast(gradient, kind),
        )
