"""The optimizer Muon (Jordan et al. 2024), good in short trainings, also for convolutions."""

import math

import keras
from keras import ops

NOT_MATRICES = "logits"  # the classifying layer, which Muon's authors leave to Adam


class Muon(keras.optimizers.Muon):
    """Keras' Muon, extended from Dense layers to convolutions; Adam updates all other weights.

    A kernel [k, k, in, out] is treated as the matrix [k * k * in, out], whose momentum is replaced
    by a nearly orthogonal matrix. Steps are scaled to the size of Adam's (Liu et al. 2025). The
    products are computed in bfloat16, as by Muon's authors.
    """

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        return len(variable.shape) not in (2, 4) or NOT_MATRICES in variable.path

    def zeropower_via_newtonschulz5(self, x: keras.KerasTensor, steps: int) -> keras.KerasTensor:
        """Return the nearly orthogonal matrix, in the shape of `x`."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        tall = matrix.shape[0] > matrix.shape[1]
        matrix = ops.transpose(matrix) if tall else matrix
        matrix = ops.cast(matrix / (ops.norm(matrix) + 1e-7), "bfloat16")
        for _ in range(steps):
            gram = ops.matmul(matrix, ops.transpose(matrix))
            mixed = self.muon_b * gram + self.muon_c * ops.matmul(gram, gram)
            matrix = self.muon_a * matrix + ops.matmul(mixed, matrix)
        matrix = ops.cast(matrix, x.dtype)
        return ops.reshape(ops.transpose(matrix) if tall else matrix, x.shape)

    def lr_adjust(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Scale a step to make its entries as large as Adam's."""
        return x * self.rms_rate * math.sqrt(max(math.prod(x.shape[:-1]), x.shape[-1]))
