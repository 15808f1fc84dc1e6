"""The reports of a training on how far it is."""

import time

import keras
import numpy as np

from pipeline.training.work import EpochRow, Histogram, Progress, Report

# Seconds between two reports within an epoch.
INTERVAL = 1.0
# As many as TensorBoard shows.
BINS = 30


class Reports(keras.callbacks.Callback):
    """Reports after each epoch, and about once a second within one; it only reads the model.

    Args:
        progress: What to call.
        weighed: The model whose trainable weights each epoch's report describes; None for none.
    """

    def __init__(self, progress: Progress, weighed: keras.Model | None = None):
        super().__init__()
        self.progress, self.weighed = progress, weighed
        self.epoch, self.last = 0, time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Note which epoch it is."""
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Report if it is time to."""
        # At the beginning, because after a batch JAX would wait for its result.
        if time.monotonic() >= self.last + INTERVAL:
            self._send(Report(self.epoch + batch / (self.params["steps"] or np.inf)))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Report the epoch."""
        logs = logs or {}
        names = ("cross_entropy", "accuracy", "val_cross_entropy", "val_accuracy")
        row = EpochRow(*(float(logs[name]) for name in names))
        weights = histograms(self.weighed) if self.weighed else {}
        self._send(Report(epoch + 1, row, weights))

    def _send(self, report: Report) -> None:
        self.progress(report)
        self.last = time.monotonic()


def histograms(model: keras.Model) -> dict[str, Histogram]:
    """Count the values of each trainable variable; one that holds no finite range is left out."""
    found = {}
    for variable in model.trainable_variables:
        values = np.asarray(keras.ops.convert_to_numpy(variable), np.float32)
        low, high = float(values.min()), float(values.max())
        if np.isfinite([low, high]).all():
            counts, _ = np.histogram(values, BINS, (low, high))
            found[variable.path] = Histogram(low, high, tuple(counts.tolist()))
    return found
