"""One trial: a pure function from its specification to its result."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import keras

from pipeline import models
from pipeline.batches import SplitFolder
from pipeline.fitting import fit


@dataclass(frozen=True)
class TrialSpec:
    """Everything that a trial's result depends on.

    Attributes:
        architecture: Name of a file in `pipeline/architectures/`.
        values: Hyperparameter values, the active ones.
        epochs: Passes over the training images.
        search_seed: `tune.seed`; the trial's own seed is derived from the whole specification.
    """

    architecture: str
    values: Mapping[str, Any]
    epochs: int
    search_seed: int

    @property
    def seed(self) -> int:
        """The seed of this trial, whatever ran before it."""
        text = json.dumps(asdict(self), sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31


@dataclass(frozen=True)
class TrialResult:
    """What came out of a trial, with no clock time in it.

    Attributes:
        status: "completed" or "failed".
        val_accuracy: Validation accuracy after the last epoch, 0 to 1; None if failed.
        val_loss: Validation cross-entropy in nats after the last epoch; None if failed.
        parameters: Number of parameters; None if the model could not be built.
        reason: Why it failed; empty if completed.
    """

    status: Literal["completed", "failed"]
    val_accuracy: float | None = None
    val_loss: float | None = None
    parameters: int | None = None
    reason: str = ""


def run_trial(spec: TrialSpec, train: SplitFolder, validation: SplitFolder) -> TrialResult:
    """Build and fit one model. Whatever goes wrong with it is the trial's outcome."""
    parameters = None
    try:
        keras.utils.set_random_seed(spec.seed)
        model, recipe = models.build(
            spec.architecture, spec.values, train.shape, len(train.classes)
        )
        parameters = model.count_params()
        curve = fit(model, recipe, train, validation, epochs=spec.epochs, seed=spec.seed)
    except Exception as error:  # noqa: BLE001 - one model's failure must not end the search
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
        return TrialResult("failed", parameters=parameters, reason=reason)
    last = curve[-1]
    # A NaN loss can stand beside a finite accuracy, and infinity would win a maximisation.
    if not all(map(math.isfinite, (last.loss, last.val_loss, last.val_accuracy))):
        reason = f"the loss is not finite after epoch {last.number}"
        return TrialResult("failed", parameters=parameters, reason=reason)
    return TrialResult("completed", last.val_accuracy, last.val_loss, parameters)
