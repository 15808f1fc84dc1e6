"""What every pool of workers has in common: what its workers are told, and how it is asked.

`pipeline.workers.start` makes one. TensorFlow is not imported here, nor by what starts workers:
processes that are started before it is imported here import it at the same time.
"""

import pickle
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pipeline.base.errors import ConvoyError
from pipeline.training.work import Job, Outcome, Progress, Result, Work
from pipeline.workers.process import Answer

if TYPE_CHECKING:  # it imports Keras, which takes seconds
    from pipeline.training.batches import SplitFolder

# How long a training may go on past its limit, between two looks or while its model is built.
PATIENCE_SECONDS = 10.0


class WorkerError(ConvoyError):
    """A worker that cannot be used."""


@dataclass(frozen=True)
class Setup:
    """What a worker is told once, before its first training.

    Attributes:
        module: The module that trains (`Work.module`).
        architecture: Its name.
        train: Images to train on.
        validation: Images to score on.
        threads: Threads a training.
        software: What `fingerprint.software` says in this process; a worker must say the same.
        memory: Memory limit a worker in bytes; None for none.
        seconds: Time limit a training; None for none.
    """

    module: str
    architecture: str
    train: "SplitFolder"
    validation: "SplitFolder"
    threads: int
    software: Mapping[str, Any]
    memory: int | None
    seconds: float | None

    @property
    def patience(self) -> float | None:
        """Seconds after which the process of a training is killed."""
        return None if self.seconds is None else self.seconds + PATIENCE_SECONDS

    def hello(self, train: Path | str, validation: Path | str) -> bytes:
        """Return the first message to a worker process that finds the data at these paths."""
        content = {
            "module": self.module,
            "architecture": self.architecture,
            "threads": self.threads,
            "train": str(train),
            "validation": str(validation),
            "memory": self.memory,
        }
        return pickle.dumps(content)

    def question(self, work: Work, start: bytes | None) -> bytes:
        """Return the message that asks a worker process for one training."""
        return pickle.dumps(Job(work, start, self.seconds))


class Pool(ABC):
    """Computes trainings; a context manager that ends what it has started.

    Attributes:
        concurrent: Whether `run` may be called from several threads.
        count: How many trainings it computes at a time, as far as is known.
        most: How many trainings are asked for at a time.
        memory: Memory limit a worker in bytes; None for none.
    """

    concurrent: bool

    def __init__(self, count: float, most: int, memory: int | None):
        self.count, self.most, self.memory = count, most, memory

    def __enter__(self) -> "Pool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what was started."""
        self.close()

    @abstractmethod
    def run(
        self, setup: Setup, work: Work, start: bytes | None, suspect: bool, progress: Progress
    ) -> Outcome:
        """Compute one training.

        Args:
            setup: What its worker is told first.
            work: The training.
            start: Payload of what it continues.
            suspect: Whether a process that tried it before has died; it gets one of its own.
            progress: Called as `Progress` says, where the worker can report.
        """

    @abstractmethod
    def close(self) -> None:
        """End what was started. Trainings in flight end with a WorkerError."""


def outcome(kind: Answer, answer: bytes, seconds: float) -> Outcome:
    """Read what became of a question to a worker process, asked `seconds` ago."""
    if kind == "answer":
        return pickle.loads(answer)
    return Outcome(Result("failed", reason=answer.decode(), cause=kind), None, seconds)


def check_software(ours: Mapping[str, Any], theirs: Mapping[str, Any], who: str) -> None:
    """Refuse a worker whose results would not be those of this machine.

    Raises:
        WorkerError: code, packages, precision or devices differ; the message says which.
    """
    different = [name for name in ours if ours[name] != theirs.get(name)]
    if different:
        parts = "; ".join(f"{n}: {theirs.get(n)} there, {ours[n]} here" for n in different)
        hint = " If the code was edited meanwhile, run the same again." * ("code" in different)
        raise WorkerError(
            f"{who} would give other results than this process; different: {parts}.{hint}"
        )
