"""What a search is made of, as plain data: a trial's specification, a row of the trial table."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pipeline.config.conditions import Conditions
from pipeline.training.work import Finished, Kind, Progress, Result

if TYPE_CHECKING:  # it imports Keras, which takes seconds
    from pipeline.training.batches import SplitFolder


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
        resume_from: Epochs of the rung below, whose checkpoint may be continued; 0 for none.
        promotable: Whether a higher rung may continue this trial, so that a checkpoint is kept.
        number: As in `Record`, for messages; 0 if it is none of the search's own trials.
    """

    kind: ClassVar[Kind] = "trial"
    module: ClassVar[str] = "pipeline.search.trial"
    wants_payload: ClassVar[bool] = False

    architecture: str
    values: Mapping[str, Any]
    epochs: int
    search_seed: int
    conditions: Conditions
    stop_below: tuple[float, ...] = ()
    resume_from: int = 0
    promotable: bool = False
    number: int = 0

    @property
    def title(self) -> str:
        """What a message calls it."""
        return f"{self.architecture}, trial {self.number}" if self.number else "a trial"

    @property
    def seed(self) -> int:
        """The seed of this trial, whatever ran before it, and the same on every rung."""
        text = _canonical([self.architecture, dict(self.values), self.search_seed])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31

    def key(self, context: str) -> str:
        """Return the name of the result: two specifications with one key have one result.

        Continuing from a lower rung gives the same result as training in one go, so it is not
        part of the name.

        Args:
            context: Stands for the data and the software (`pipeline.training.fingerprint`).
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

    def continues(self) -> "TrialSpec | None":
        """Return the trial on the rung below, if there is one."""
        if not self.resume_from:
            return None
        return TrialSpec(
            self.architecture, self.values, self.resume_from, self.search_seed, self.conditions
        )

    def run(
        self,
        train: "SplitFolder",
        validation: "SplitFolder",
        start: bytes | None,
        seconds: float | None,
        progress: Progress,
    ) -> tuple[Result, bytes | None]:
        """Run the trial; see `Work.run`."""
        from pipeline.search.trial import run_trial  # takes TensorFlow's seconds

        return run_trial(self, train, validation, start, seconds, progress)


@dataclass(frozen=True)
class Record:
    """One row of the trial table. Trials are numbered from 1 in the order of their proposals."""

    number: int
    spec: TrialSpec
    finished: Finished

    @property
    def result(self) -> Result:
        """What came out."""
        return self.finished.result


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)
