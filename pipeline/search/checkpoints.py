"""Checkpoints: an unfinished training as bytes, so that a higher rung can continue it exactly.

It holds every variable of the model (weights, running statistics, the random states of dropout)
and of the optimizer. With the epoch, which decides the order of the images, that is all that the
rest of the training depends on: continuing gives the same bits as training in one go.
"""

import io

import keras
import numpy as np

from pipeline.training.work import EpochRow


class Keep(keras.callbacks.Callback):
    """Makes the checkpoint at the end of a training."""

    def checkpoint(self, curve: tuple[EpochRow, ...]) -> bytes:
        """Return the variables of the fitted model and its learning curve so far, as bytes."""
        values = [np.asarray(keras.ops.convert_to_numpy(v)) for v in _variables(self.model)]
        buffer = io.BytesIO()
        named = {f"v{number}": value for number, value in enumerate(values)}
        np.savez(buffer, curve=np.asarray(curve, np.float64), **named)  # type: ignore[arg-type]
        return buffer.getvalue()


def curve_of(checkpoint: bytes) -> tuple[EpochRow, ...]:
    """Read the learning curve that led to a checkpoint."""
    with np.load(io.BytesIO(checkpoint)) as saved:
        return tuple(EpochRow(*row) for row in saved["curve"].tolist())


class Restore(keras.callbacks.Callback):
    """Puts a checkpoint into the model just before the first step of its training."""

    def __init__(self, checkpoint: bytes):
        super().__init__()
        self.checkpoint = checkpoint

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Assign every variable."""
        variables = _variables(self.model)
        with np.load(io.BytesIO(self.checkpoint)) as saved:
            if len(variables) != len(saved.files) - 1:
                raise ValueError("the checkpoint belongs to another model")
            for number, variable in enumerate(variables):
                variable.assign(saved[f"v{number}"])


def _variables(model: keras.Model) -> list[keras.Variable]:
    # Not `model.variables` alone: compiled metrics hang there too, and start afresh each epoch.
    layers = [variable for layer in model.layers for variable in layer.variables]
    return [*layers, *model.optimizer.variables]
