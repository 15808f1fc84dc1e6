"""What a search is made of, as plain data: a trial's specification, its result, a table row."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipeline.config.conditions import PLAIN, Conditions

Status = Literal["completed", "stopped", "failed"]
# Why a trial failed. "specification" would fail anywhere; the others depend on the machine.
Cause = Literal["", "specification", "memory", "time", "killed"]
# Loss, accuracy, validation loss and validation accuracy after one epoch.
EpochRow = tuple[float, float, float, float]


@dataclass(frozen=True)
class TrialSpec:
    """Everything that a trial's result depends on, besides the data and the software.

    Attributes:
        architecture: Name of a file in `pipeline/architectures/`.
        values: Hyperparameter values, the active ones.
        epochs: Passes over the training images.
        search_seed: `tune.seed`; the trial's own seed is derived from it and the values.
        conditions: How every model is fitted.
        stop_below: Stop after epoch i if the best validation accuracy so far is below entry
            i - 1. Empty: never.
        resume_from: Epochs of the rung below, whose state may be continued; 0 for none.
        promotable: Whether a higher rung may continue this trial, so that its state is kept.
    """

    architecture: str
    values: Mapping[str, Any]
    epochs: int
    search_seed: int
    conditions: Conditions = PLAIN
    stop_below: tuple[float, ...] = ()
    resume_from: int = 0
    promotable: bool = False

    @property
    def seed(self) -> int:
        """The seed of this trial, whatever ran before it, and the same on every rung."""
        text = _canonical([self.architecture, dict(self.values), self.search_seed])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31

    def key(self, context: str) -> str:
        """Name the trial: two specifications with one key have one result.

        Continuing from a lower rung gives the same result as training in one go, so it is not
        part of the name.

        Args:
            context: Stands for the data and the software (`pipeline.search.context`).
        """
        parts = [
            self.architecture,
            dict(self.values),
            self.epochs,
            self.search_seed,
            self.conditions.model_dump(mode="json"),
            list(self.stop_below),
            context,
        ]
        return hashlib.sha256(_canonical(parts).encode()).hexdigest()[:32]

    def rung_below(self) -> "TrialSpec":
        """Give the specification of the trial that this one continues."""
        return TrialSpec(
            self.architecture, self.values, self.resume_from, self.search_seed, self.conditions
        )


@dataclass(frozen=True)
class TrialResult:
    """What came out of a trial, with no clock time in it.

    Attributes:
        status: "completed"; "stopped" early, because it could not catch up; or "failed".
        val_accuracy: Validation accuracy after the last epoch, 0 to 1; None if failed.
        val_loss: Validation cross-entropy in nats after the last epoch; None if failed.
        parameters: Number of parameters; None if the model could not be built.
        reason: Why it failed or was stopped; empty if completed.
        cause: Kind of failure; empty if it did not fail.
        curve: One row an epoch; empty if failed.
    """

    status: Status
    val_accuracy: float | None = None
    val_loss: float | None = None
    parameters: int | None = None
    reason: str = ""
    cause: Cause = ""
    curve: tuple[EpochRow, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Turn into what JSON can hold; `from_json` is the way back."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "TrialResult":
        """Read what `as_json` gave.

        Raises:
            TypeError, KeyError, ValueError: it is something else.
        """
        rows = content["curve"]
        curve = tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in rows)
        return cls(**{**content, "curve": curve})


@dataclass(frozen=True)
class Job:
    """What a worker is asked: a trial, the state to continue from, a time limit in seconds."""

    spec: TrialSpec
    state: bytes | None
    seconds: float | None


@dataclass(frozen=True)
class Outcome:
    """What a worker gives back: the result, the state if it is wanted, the wall time."""

    result: TrialResult
    state: bytes | None
    seconds: float


@dataclass(frozen=True)
class Finished:
    """A trial that has ended.

    Attributes:
        result: What came out.
        reused: Whether the ledger had it.
        seconds: Wall time it took where and when it ran.
    """

    result: TrialResult
    reused: bool
    seconds: float


@dataclass(frozen=True)
class Record:
    """One row of the trial table. Trials are numbered from 1 in the order of their proposals."""

    number: int
    spec: TrialSpec
    finished: Finished

    @property
    def result(self) -> TrialResult:
        """What came out."""
        return self.finished.result


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)
