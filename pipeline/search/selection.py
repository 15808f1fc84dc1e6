"""Selection among trials: the best, or the smallest that cannot be told from the best."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json, write_json
from pipeline.base.paths import PARAMS
from pipeline.config.params import Select

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
        multiply_adds: Effort of one image (`pipeline/training/effort.py`).
        hyperparameters: Its values.
        code_sha256: Digest of the architecture's file that it was built from.
        validation_images: Number of images that it was scored on.
        epochs: Passes over the training images; in Hyperband's lower rungs fewer.
    """

    architecture: str
    trial: int
    val_accuracy: float
    standard_error: float
    val_loss: float
    parameters: int
    multiply_adds: int
    hyperparameters: Mapping[str, Any]
    code_sha256: str
    validation_images: int
    epochs: int


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


def pareto_front(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Keep the candidates that no other beats: the Pareto front, best first.

    One beats another if it is as good or better in validation accuracy, parameters and
    multiply-adds, and better in one of them. Of equals in all three the first is kept, by `_tie`.
    """

    def costs(candidate: Candidate) -> tuple[float, int, int]:
        return -candidate.val_accuracy, candidate.parameters, candidate.multiply_adds

    kept: list[Candidate] = []
    # Whoever beats another comes before it in this order.
    for candidate in sorted(candidates, key=lambda c: (costs(c), _tie(c))):
        own = costs(candidate)
        if not any(all(a <= b for a, b in zip(costs(other), own, strict=True)) for other in kept):
            kept.append(candidate)
    return kept


def within(candidates: Sequence[Candidate], select: Select) -> list[Candidate]:
    """Keep the candidates that are as small as params.yaml asks.

    Raises:
        ConvoyError: none is.
    """
    limits = {
        key: limit
        for key in ("parameters", "multiply_adds")
        if (limit := getattr(select, f"most_{key}")) is not None
    }
    kept = [c for c in candidates if all(getattr(c, key) <= limits[key] for key in limits)]
    if candidates and not kept:
        asked = " and ".join(f"select.most_{key} = {limit}" for key, limit in limits.items())
        fewest = {key: min(getattr(c, key) for c in candidates) for key in limits}
        least = " and ".join(f"{fewest[key]:,} {key}" for key in limits)
        raise ConvoyError(
            f"{PARAMS}: {asked}: none of the {len(candidates)} candidates is as small; the least "
            f"that any of them has are {least}. Raise the limit, or search smaller models."
        )
    return kept


def in_order_of_ties(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Sort candidates so that of equals in accuracy the first is chosen."""
    return sorted(candidates, key=_tie)


def _tie(candidate: Candidate) -> tuple[int, float, str, int]:
    return candidate.parameters, candidate.val_loss, candidate.architecture, candidate.trial


def write_candidates(found: Sequence[Candidate], path: Path) -> None:
    """Write the completed trials for `select` and `confirm`.

    A list, because DVC shows no lists among the metrics.
    """
    write_json(path, [asdict(candidate) for candidate in found])


def read_candidates(architectures: Iterable[str]) -> list[Candidate]:
    """Read the completed trials of the searches of these architectures, in this order.

    Raises:
        FileError: a file is not as `write_candidates` writes it.
    """
    files = [paths.CANDIDATES / f"{name}.json" for name in architectures]
    return [candidate for file in files for candidate in read_json(file, list[Candidate])]
