"""One trial: a pure function from its specification to its result."""

import math
import time

import keras

from pipeline.search import checkpoints
from pipeline.search.records import TrialSpec
from pipeline.training import devices, effort, models
from pipeline.training.batches import SplitFolder
from pipeline.training.fitting import fit
from pipeline.training.reports import Reports
from pipeline.training.work import Cause, EpochRow, Progress, Result


class TimeLimitError(Exception):
    """A trial took longer than `tune.trial_seconds`."""


def run_trial(
    spec: TrialSpec,
    train: SplitFolder,
    validation: SplitFolder,
    checkpoint: bytes | None,
    seconds: float | None,
    progress: Progress,
) -> tuple[Result, bytes | None]:
    """Build and fit one model. Whatever goes wrong with the model is the trial's outcome.

    Args:
        spec: What to train.
        train: Images to train on.
        validation: Images to score on.
        checkpoint: Of the trial after `spec.resume_from` epochs, to continue from; without it,
            training begins at the first epoch, and the result is the same.
        seconds: Time limit; None for none.
        progress: Called as `Progress` says.

    Returns:
        The result, and the checkpoint at the end if a higher rung may want it.

    Raises:
        FileError, OSError: a file that it needs cannot be read or written.
    """
    parameters = None
    if keras.backend.backend() == "torch":
        checkpoint = None  # dropout would draw other numbers there than in training in one go
    curve = checkpoints.curve_of(checkpoint) if checkpoint else ()
    keeper = checkpoints.Keep()
    watch = _Watch(spec.stop_below, [row.val_accuracy for row in curve], seconds)
    restore = [checkpoints.Restore(checkpoint)] if checkpoint else []
    try:
        keras.utils.set_random_seed(spec.seed)
        model, recipe = models.build(
            spec.architecture,
            spec.values,
            train.shape,
            len(train.classes),
            spec.conditions.precision,
        )
        parameters = model.count_params()
        epochs = fit(
            model,
            recipe,
            spec.conditions,
            train,
            validation,
            epochs=spec.epochs,
            first_epoch=len(curve),
            seed=spec.seed,
            callbacks=[*restore, keeper, watch, Reports(progress)],
        )
        curve += tuple(epochs)
        result = _judge(spec, curve, parameters, effort.multiply_adds(model))
        wanted = spec.promotable and result.status == "completed"
        return result, keeper.checkpoint(curve) if wanted else None
    except Exception as error:  # one model's failure must not end the search
        if devices.is_of_a_file(error):
            raise
        reason = f"{type(error).__name__}: {(str(error).strip() or '-').splitlines()[0]}"
        return _failed(parameters, reason, _cause(error)), None


class _Watch(keras.callbacks.Callback):
    """Ends a training that has become pointless, or that takes too long."""

    def __init__(self, stop_below: tuple[float, ...], scores: list[float], seconds: float | None):
        super().__init__()
        self.stop_below, self.scores, self.seconds = stop_below, scores, seconds
        self.start = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs = logs or {}
        self.scores.append(logs["val_accuracy"])
        hopeless = self.stop_below and max(self.scores) < self.stop_below[epoch]
        if hopeless or not math.isfinite(logs["loss"]):
            self.model.stop_training = True
        self._check_time()

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        # At the beginning, because after a batch JAX would wait for its result to tell it.
        self._check_time()

    def _check_time(self) -> None:
        if self.seconds is not None and time.monotonic() - self.start > self.seconds:
            raise TimeLimitError(f"more than tune.trial_seconds = {self.seconds:g}")


def _judge(
    spec: TrialSpec, curve: tuple[EpochRow, ...], parameters: int, multiply_adds: int
) -> Result:
    loss, _, val_loss, val_accuracy = curve[-1]
    # A NaN loss can stand beside a finite accuracy, and infinity would win a maximisation.
    if not all(map(math.isfinite, (loss, val_loss, val_accuracy))):
        reason = f"the loss is not finite after epoch {len(curve)}"
        return _failed(parameters, reason, "specification")
    if len(curve) < spec.epochs:
        bar = spec.stop_below[len(curve) - 1]
        reason = f"below the median of earlier trials ({bar:.4f}) after epoch {len(curve)}"
        return Result(
            "stopped", val_accuracy, val_loss, parameters, multiply_adds, reason, curve=curve
        )
    return Result("completed", val_accuracy, val_loss, parameters, multiply_adds, curve=curve)


def _failed(parameters: int | None, reason: str, cause: Cause) -> Result:
    return Result("failed", parameters=parameters, reason=reason, cause=cause)


def _cause(error: Exception) -> Cause:
    if isinstance(error, TimeLimitError):
        return "time"
    return "memory" if devices.is_out_of_memory(error) else "specification"
