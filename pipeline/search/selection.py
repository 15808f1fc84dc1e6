"""Selection among trials: the best, or the smallest that cannot be told from the best."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.base.files import read_json, write_json

Rule = Literal["one_standard_error", "best"]


@dataclass(frozen=True)
class Candidate:
    """A completed trial as far as the choice is concerned.

    Attributes:
        architecture: Its architecture.
        trial: Its number in that architecture's search.
        val_accuracy: Validation accuracy, 0 to 1.
        standard_error: Standard error of that accuracy, from the number of validation images.
        val_loss: Validation cross-entropy in nats.
        parameters: Number of parameters.
        hyperparameters: Its values.
        code_sha256: Digest of the architecture's file that it was built from.
    """

    architecture: str
    trial: int
    val_accuracy: float
    standard_error: float
    val_loss: float
    parameters: int
    hyperparameters: Mapping[str, Any]
    code_sha256: str


def choose(candidates: Sequence[Candidate], rule: Rule) -> tuple[Candidate, str]:
    """Choose one candidate and say why.

    `one_standard_error` takes the smallest model whose accuracy is within one standard error of
    the best (Breiman, Friedman, Olshen and Stone 1984, "Classification and Regression Trees",
    3.4.3). Ties go to fewer parameters, lower validation loss, then the earlier trial.
    """
    best = min(candidates, key=lambda c: (-c.val_accuracy, *_tie(c)))
    if rule == "best":
        return best, "the highest validation accuracy"
    threshold = best.val_accuracy - best.standard_error
    chosen = min((c for c in candidates if c.val_accuracy >= threshold), key=_tie)
    if chosen is best:
        return best, "the best; no smaller model is within one standard error of it"
    return chosen, (
        f"the smallest model within one standard error ({best.standard_error:.4f}) of the best, "
        f"{best.architecture} trial {best.trial} with {best.val_accuracy:.4f}"
    )


def front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Keep the candidates that no other beats in accuracy and in what decides ties.

    Either rule's choice, within one architecture or among several, is among them. They come
    smallest first.
    """
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=_tie):
        if not kept or candidate.val_accuracy > kept[-1].val_accuracy:
            kept.append(candidate)
    return kept


def _tie(candidate: Candidate) -> tuple[int, float, str, int]:
    return candidate.parameters, candidate.val_loss, candidate.architecture, candidate.trial


def write_candidates(found: Sequence[Candidate], path: Path) -> None:
    """Write the completed trials for `select` and `confirm`.

    A list, because DVC shows no lists among the metrics.
    """
    write_json(path, [asdict(candidate) for candidate in found])


def read_candidates(path: Path) -> list[Candidate]:
    """Read the completed trials of one search."""
    return [Candidate(**entry) for entry in read_json(path)]
