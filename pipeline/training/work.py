"""A unit of work: one training as plain data, which can travel to where it is computed.

A trial of a search and one seed of a final training are both work. Wherever it is computed, its
result is the same, so it is computed once and kept (`pipeline.store`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol

if TYPE_CHECKING:  # it imports Keras, which takes seconds
    from pipeline.training.batches import SplitFolder

Kind = Literal["trial", "seed"]
Status = Literal["completed", "stopped", "failed"]
# Why a training failed. "specification" would fail anywhere; the others depend on the machine. What
# failed by a "file" says nothing about the training and is not kept: the stage stops.
Cause = Literal["", "specification", "memory", "time", "killed", "file"]


class EpochRow(NamedTuple):
    """One row of a learning curve: losses are mean cross-entropies in nats, accuracies 0 to 1.

    They are without label smoothing and class weights, so trainings can be compared.
    """

    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


class Histogram(NamedTuple):
    """How the values of one variable of a model are spread.

    Attributes:
        low, high: Smallest and largest value.
        counts: Number of values in bins of equal width, from `low` to `high`.
    """

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """How far a training is, as it says itself while it runs. No result depends on it.

    Attributes:
        epochs: Epochs done, with the share of the one that has begun, as in 2.25.
        row: The row of the epoch that has just ended; None within an epoch.
        weights: The trainable weights at the end of that epoch, by name, in a final training.
    """

    epochs: float
    row: EpochRow | None = None
    weights: Mapping[str, Histogram] = field(default_factory=dict)


# Called after each epoch and now and then within one, where the training runs.
Progress = Callable[[Report], None]


@dataclass(frozen=True)
class Result:
    """What came out of a training, with no clock time in it.

    Attributes:
        status: "completed"; "stopped" early, because it could not catch up; or "failed".
        val_accuracy: Validation accuracy of the model as it was left, 0 to 1; None if failed.
        val_loss: Validation cross-entropy of that model in nats; None if failed.
        parameters: Number of parameters; None if the model could not be built.
        multiply_adds: Effort of one image (`pipeline/training/effort.py`); None if it failed.
        reason: Why it failed or was stopped; empty if completed.
        cause: Kind of failure; empty if it did not fail.
        curve: One row an epoch; empty if failed.
    """

    status: Status
    val_accuracy: float | None = None
    val_loss: float | None = None
    parameters: int | None = None
    multiply_adds: int | None = None
    reason: str = ""
    cause: Cause = ""
    curve: tuple[EpochRow, ...] = ()


class Work(Protocol):
    """One training. Its classes are frozen dataclasses that can be pickled.

    Attributes:
        kind: For listing and pruning.
        module: The module whose code, with all that it imports, decides the result.
        wants_payload: Whether the payload is what it is done for (a model), so that a result
            without one is of no use; else the payload is only a help (a checkpoint).
    """

    kind: ClassVar[Kind]
    module: ClassVar[str]
    wants_payload: ClassVar[bool]

    @property
    def architecture(self) -> str:
        """Name of a file in `pipeline/architectures/`."""

    @property
    def title(self) -> str:
        """What a message calls it, such as "seed 1"."""

    def key(self, context: str) -> str:
        """Return the name of the result: work of one key has one result.

        Args:
            context: Stands for the data and the software (`pipeline.training.fingerprint`).
        """

    def continues(self) -> "Work | None":
        """Return the shorter training whose payload this one may start from, if there is one."""

    def run(
        self,
        train: "SplitFolder",
        validation: "SplitFolder",
        start: bytes | None,
        seconds: float | None,
        progress: Progress,
    ) -> tuple[Result, bytes | None]:
        """Train.

        Args:
            train: Images to train on.
            validation: Images to score on.
            start: Payload of what this continues. Without it training begins at the first epoch,
                to the same result.
            seconds: Time limit; None for none.
            progress: Called as `Progress` says.

        Returns:
            The result, and the payload if one is to be kept.

        Raises:
            FileError, OSError: a file that it needs cannot be read or written.
        """


@dataclass(frozen=True)
class Job:
    """What a worker is asked: the work, the payload to start from, a time limit in seconds."""

    work: Work
    start: bytes | None
    seconds: float | None


@dataclass(frozen=True)
class Outcome:
    """What a worker answers: the result, the payload if one is to be kept, the wall time."""

    result: Result
    payload: bytes | None
    seconds: float


@dataclass(frozen=True)
class Finished:
    """A training that has ended.

    Attributes:
        result: What came out.
        reused: Whether it was in the store.
        seconds: Wall time it took where and when it ran.
        payload: The payload, where that is what the work is done for.
    """

    result: Result
    reused: bool
    seconds: float
    payload: bytes | None = None
